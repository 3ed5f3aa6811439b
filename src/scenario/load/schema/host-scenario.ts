import * as z from 'zod';
import { LAYOUTS } from '../../../domain/layout.ts';
import { stateNamesOf } from '../../machine/vocabulary.ts';
import { NEEDS } from '../../scenario.ts';
import { ACCEPTED_BY_MIGRATE, ACCEPTED_BY_RESTORE, TOLD_FINDINGS } from '../vocabulary/finding-codes.ts';
import { actor } from './actor.ts';
import { fault } from './fault.ts';
import { head } from './head.ts';
import { hostMatch } from './host-view.ts';
import { migrationState, moment } from './moment.ts';
import { engineEffect, patternsOver } from './patterns.ts';
import { duration, failureParts, flag, hasOneOf, text, wordOf } from './values.ts';

export const INVARIANTS = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'] as const;
const RESULTS = ['committed', 'refused', 'rolledBack', 'stranded', 'killed', 'none'] as const;

const findingsOf = (codes: readonly string[]) => z.array(wordOf('finding code', codes), 'a list of finding codes');
const acceptedOf = (codes: readonly string[]) =>
  findingsOf(codes).optional().describe('Findings that one takes upon oneself');
const deadlines = z
  .strictObject(
    {
      step: duration.optional(),
      gate: duration.optional(),
      probe: duration.optional(),
      retry: duration.optional(),
    },
    'step, gate, probe or retry',
  )
  .default({});

const migrate = z.strictObject(
  {
    layout: z.enum(LAYOUTS, LAYOUTS.join(', ')).meta({ title: 'layout' }),
    bridge: text.nullable().default(null),
    datapath: z.enum(['system', 'netdev'], 'system or netdev').nullable().default(null),
    confirmWithin: duration.nullable().default(null),
    confirm: flag.default(false).describe('Answers the window as soon as it opens'),
    accept: acceptedOf(ACCEPTED_BY_MIGRATE),
    deadlines,
  },
  'layout and what else the migration takes',
);

const runExpectation = z.strictObject(
  {
    result: z.enum(RESULTS, RESULTS.join(', ')).meta({ title: 'result' }).nullable().default(null),
    failure: failureParts.nullable().default(null),
    failedIn: migrationState.nullable().default(null),
    findings: findingsOf(TOLD_FINDINGS).default([]),
    alreadyDone: flag.nullable().default(null),
  },
  'result, failure, failedIn, findings or alreadyDone',
);

const run = z
  .strictObject(
    {
      migrate: migrate.optional(),
      restore: z
        .strictObject({ accept: acceptedOf(ACCEPTED_BY_RESTORE), deadlines }, 'keys and values, or {}')
        .optional(),
      recover: z.strictObject({ deadlines }, 'keys and values, or {}').optional(),
      expect: runExpectation.optional(),
    },
    'migrate, restore or recover',
  )
  .check(hasOneOf(['migrate', 'restore', 'recover']));

const happening = z
  .strictObject({ at: moment, actor: actor.optional(), fault: fault.optional() }, 'at, and actor or fault')
  .check(hasOneOf(['actor', 'fault']));

const hostExpectation = z.strictObject(
  {
    sameAsBefore: flag.nullable().default(null),
    host: hostMatch.default(null),
    reachable: flag.nullable().default(null),
    reachableThroughout: flag.default(false),
    invariants: z.array(wordOf('invariant', INVARIANTS), 'a list of I1 to I7').default([...INVARIANTS]),
  },
  'sameAsBefore, host, reachable, reachableThroughout or invariants',
);

const patterns = patternsOver(stateNamesOf('uplink-migration'), engineEffect);

/** A host, runs on it, and what happens to them. */
export const hostScenarioSchema = z.strictObject(
  {
    ...head,
    kind: z.literal('HostScenario', 'HostScenario'),
    needs: z.array(z.enum(NEEDS, NEEDS.join(', ')), 'a list of needs').default([]),
    // Read by its own loader, which says better what is wrong with it.
    host: z.unknown().refine(value => value !== undefined && value !== null, {
      error: 'a host is missing: a name in fixtures/hosts, include: a path, or a description',
    }),
    runs: z.array(run, 'a list of runs').min(1, 'at least one run').max(20, 'at most 20 runs'),
    happens: z.array(happening, 'a list of what happens').max(200, 'at most 200').default([]),
    never: patterns,
    eventually: patterns,
    within: duration.nullable().default(null),
    expect: hostExpectation.prefault({}),
  },
  'keys and values',
);

/** As it was read. */
export type HostScenarioDocument = z.output<typeof hostScenarioSchema>;
