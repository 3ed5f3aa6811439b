import { readFile } from 'node:fs/promises';
import { parseDocument, stringify } from 'yaml';
import * as z from 'zod';
import { LAYOUTS } from '../../domain/layout.ts';
import { uplinkError } from '../../errors.ts';
import type { ExploreCase } from './explore-case.ts';
import { COURSES } from './explore-case.ts';
import type { Incident, IncidentKind } from './incident.ts';
import { INCIDENTS } from './incident.ts';
import type { CaseResult } from './run-case.ts';

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
const [firstKind, ...otherKinds] = kinds.map(kind => z.strictObject({ kind: z.literal(kind), ...shapeOf(kind) }));
const nth = z.int().min(1).default(1);
const afterMs = z.number().min(0).optional();
const incident = z.discriminatedUnion('kind', [firstKind!, ...otherKinds], `one of ${kinds.join(', ')}`);
const caseSchema = z.strictObject({
  apiVersion: z.literal('ovs-uplink/v1'),
  kind: z.literal('Exploration'),
  host: z.string(),
  layout: z.enum(LAYOUTS),
  course: z.enum(COURSES),
  faults: z
    .array(
      z.strictObject({
        operation: z.string(),
        nth,
        kind: z.enum(['refused', 'answer-lost', 'hang', 'slow', 'kill-before', 'kill-after']),
      }),
    )
    .default([]),
  incidents: z
    .array(
      z.strictObject({
        when: z.union([
          z.strictObject({ state: z.string(), nth, afterMs }),
          z.strictObject({ operation: z.string(), nth, afterMs }),
        ]),
        incident,
      }),
    )
    .default([]),
  violates: z.array(z.record(z.string(), z.unknown())).optional(),
});

/** The case as a file that `explore FILE` plays again, with what it showed when it was written. */
export function formatCase(explored: ExploreCase, result: CaseResult): string {
  const document = {
    apiVersion: 'ovs-uplink/v1',
    kind: 'Exploration',
    ...explored,
    violates: result.violations,
  };
  return stringify(document, { aliasDuplicateObjects: false });
}

/** Reads such a file. Errors: `USAGE`, naming the place and what was expected. */
export async function readCase(path: string): Promise<ExploreCase> {
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
  const { host, layout, course, faults, incidents } = parsed.data;
  return {
    host,
    layout,
    course,
    faults,
    incidents: incidents.map(({ when, incident: what }) => ({ when, incident: what as unknown as Incident })),
  };
}
