import { readFile } from 'node:fs/promises';
import { parseDocument, stringify } from 'yaml';
import * as z from 'zod';
import { LAYOUTS } from '../../domain/layout.ts';
import { MOVE_WAYS } from '../../domain/move/plan.ts';
import { uplinkError } from '../../errors.ts';
import type { AnyCase } from './any-case.ts';
import { isMoveCase } from './any-case.ts';
import type { CaseResult } from './case-result.ts';
import { COURSES } from './explore-case.ts';
import type { IncidentKind } from './incident.ts';
import { INCIDENTS } from './incident.ts';
import { MOVE_COURSES } from './moves/move-case.ts';
import type { MoveIncident } from './moves/move-incident.ts';
import { MOVE_INCIDENTS } from './moves/move-incident.ts';

/** A case is a handful of lines. */
const MAX_BYTES = 1 << 20;

const forMs = z.number().min(0).nullable();
const count = z.int().min(1);
/** What an incident needs beside its kind. */
const PARAMETERS: Partial<Record<IncidentKind, z.ZodRawShape>> = {
  'uplink.mtu': { mtu: count },
  'uplink.altname': { times: count, everyMs: z.number().min(0) },
  'interface.error': { text: z.string(), times: count },
};
const kinds: readonly IncidentKind[] = [...new Set(INCIDENTS.map(({ kind }) => kind)), 'confirm'];
const isTimed = (kind: IncidentKind): boolean => INCIDENTS.some(known => known.kind === kind && 'forMs' in known);
const shapeOf = (kind: IncidentKind): z.ZodRawShape => ({ ...PARAMETERS[kind], ...(isTimed(kind) ? { forMs } : {}) });
const incident = oneOf(kinds, shapeOf);
const moveIncident = oneOf([...new Set(MOVE_INCIDENTS.map(({ kind }) => kind))], shapeOfMove);

const nth = z.int().min(1).default(1);
const afterMs = z.number().min(0).optional();
/** Faults of operations of ours. */
export const plannedFaults = z
  .array(
    z.strictObject({
      operation: z.string(),
      nth,
      kind: z.enum(['refused', 'answer-lost', 'hang', 'slow', 'kill-before', 'kill-after']),
    }),
  )
  .default([]);
/** What others do while a link moves. */
export const moveIncidents = incidentsOf(moveIncident);
const common = {
  apiVersion: z.literal('ovs-uplink/v1'),
  host: z.string(),
  faults: plannedFaults,
  violates: z.array(z.record(z.string(), z.unknown())).optional(),
};
const caseSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('Exploration'),
    layout: z.enum(LAYOUTS),
    course: z.enum(COURSES),
    incidents: incidentsOf(incident),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('MoveExploration'),
    link: z.string(),
    name: z.string(),
    keepAddresses: z.boolean().default(false),
    way: z.enum(MOVE_WAYS).default('message'),
    course: z.enum(MOVE_COURSES),
    incidents: moveIncidents,
  }),
]);

/** Of incidents of a move: each parameter that one of the catalogue has. */
function shapeOfMove(kind: MoveIncident['kind']): z.ZodRawShape {
  const known = MOVE_INCIDENTS.find(one => one.kind === kind) ?? {};
  return {
    ...('as' in known && { as: z.enum(['name', 'altname']) }),
    ...('forMs' in known && { forMs }),
    ...('mtu' in known && { mtu: count }),
  };
}

function oneOf<K extends string>(all: readonly K[], shape: (kind: K) => z.ZodRawShape) {
  const [first, ...others] = all.map(kind => z.strictObject({ kind: z.literal(kind), ...shape(kind) }));
  return z.discriminatedUnion('kind', [first!, ...others], `one of ${all.join(', ')}`);
}

function incidentsOf<S extends z.ZodType>(what: S) {
  const at = z.union([
    z.strictObject({ state: z.string(), nth, afterMs }),
    z.strictObject({ operation: z.string(), nth, afterMs }),
  ]);
  return z.array(z.strictObject({ when: at, incident: what })).default([]);
}

/** The case as a file that `explore FILE` plays again, with what it showed when it was written. */
export function formatCase(explored: AnyCase, result: CaseResult): string {
  const document = {
    apiVersion: 'ovs-uplink/v1',
    kind: isMoveCase(explored) ? 'MoveExploration' : 'Exploration',
    ...explored,
    violates: result.violations,
  };
  return stringify(document, { aliasDuplicateObjects: false });
}

/** Reads such a file. Errors: `USAGE`, naming the place and what was expected. */
export async function readCase(path: string): Promise<AnyCase> {
  const refuse = (expected: string, got: string): Error =>
    uplinkError('USAGE', { what: 'not a case of exploration', object: path, expected, got });
  const text = await readFile(path, 'utf8').catch(error => {
    throw refuse('a readable file', (error as Error).message);
  });
  if (text.length > MAX_BYTES) throw refuse(`at most ${MAX_BYTES} bytes`, `${text.length}`);
  const document = parseDocument(text, { schema: 'core', prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined)
    throw refuse('YAML without tags of its own', `${error.message} (at character ${error.pos[0]})`);
  const parsed = caseSchema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue === undefined || issue.path.length === 0 ? 'the top' : issue.path.join('.');
    throw refuse((issue?.message ?? 'a case').replace(/^Invalid input: expected /, ''), `something else at ${place}`);
  }
  const { apiVersion: _, kind: __, violates: ___, ...explored } = parsed.data;
  // The shapes above have what each kind of incident has; their parameters are known by its name only.
  return explored as unknown as AnyCase;
}
