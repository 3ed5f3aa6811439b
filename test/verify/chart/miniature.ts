import type { AnyStateMachine } from 'xstate';
import { createMachine } from 'xstate';
import type { ChartDeclarations } from '../../../src/verify/chart/declarations.ts';
import { NOTHING_DECLARED } from '../../../src/verify/chart/declarations.ts';
import type { VerifiedChart } from '../../../src/verify/chart/rule.ts';

/** Keys of a chart's configuration, joined by `/`, and what stands there instead; undefined takes it out. */
export type Alterations = Readonly<Record<string, unknown>>;

type Branch = Record<string, unknown>;

const forward = (step: string, next: string, back: string): Branch => ({
  invoke: {
    src: 'forward',
    input: { step },
    onDone: { target: next, actions: 'noteStep' },
    onError: { target: `#mini.back.${back}`, actions: 'noteFailure' },
  },
  after: { limit: { target: `#mini.back.${back}`, actions: 'noteDeadline' } },
  on: { ABORT: { target: `#mini.back.${back}`, actions: 'noteAbort' } },
});

const backward = (invoke: Branch, next: string): Branch => ({
  invoke: {
    ...invoke,
    onDone: { target: next },
    onError: { target: '#mini.stranded', actions: 'noteStranding' },
  },
  after: { limit: { target: '#mini.stranded', actions: 'noteStranding' } },
});

const early = (src: string, next: unknown): Branch => ({
  invoke: { src, onDone: next, onError: { target: '#mini.refused', actions: 'noteFailure' } },
  after: { limit: { target: '#mini.refused', actions: 'noteDeadline' } },
  on: { ABORT: { target: '#mini.refused', actions: 'noteAbort' } },
});

/** A migration in small: it can be resumed, changes something twice, and has its way back. */
const MINIATURE: Branch = {
  id: 'mini',
  initial: 'entering',
  on: { seen: { actions: 'noteSeen' } },
  states: {
    entering: { always: [{ guard: { type: 'isNew' }, target: 'judging' }, { target: 'takingOver' }] },
    takingOver: early('takeOver', { target: 'resuming' }),
    resuming: {
      always: [
        { guard: { type: 'resumesAt', params: { entry: 'committed' } }, target: 'committed' },
        { target: 'back' },
      ],
    },
    judging: early('judge', [{ guard: 'isNo', target: 'refused', actions: 'noteNo' }, { target: 'writing' }]),
    writing: early('writeJournal', { target: 'first' }),
    first: forward('first', 'second', 'undoingFirst'),
    second: forward('second', 'awaiting', 'undoingSecond'),
    awaiting: {
      always: [{ guard: 'isThere', target: 'comparing' }],
      after: { limit: { target: '#mini.back.undoingSecond', actions: 'noteDeadline' } },
      on: { ABORT: { target: '#mini.back.undoingSecond', actions: 'noteAbort' } },
    },
    comparing: {
      invoke: {
        src: 'compare',
        onDone: { target: 'committed' },
        onError: { target: 'back', actions: 'noteFailure' },
      },
      after: { limit: { target: 'back', actions: 'noteDeadline' } },
      on: { ABORT: { target: 'back', actions: 'noteAbort' } },
    },
    committed: { tags: 'terminal', on: { RESTORE: { target: 'back', actions: 'noteRestore' } } },
    back: {
      initial: 'undoingSecond',
      states: {
        undoingSecond: backward({ src: 'rollback', input: { step: 'undoingSecond' } }, 'undoingFirst'),
        undoingFirst: backward({ src: 'rollback', input: { step: 'undoingFirst' } }, 'closing'),
        closing: backward({ src: 'closeJournal' }, '#mini.rolledBack'),
      },
    },
    stranded: {
      initial: 'deciding',
      states: {
        deciding: { always: [{ guard: 'hasTries', target: 'waiting', actions: 'countTry' }, { target: 'givenUp' }] },
        waiting: { after: { pause: { target: '#mini.back' } } },
        givenUp: { tags: 'terminal', on: { RESTORE: { target: '#mini.back', actions: 'noteRestore' } } },
      },
    },
    refused: { type: 'final', tags: 'terminal' },
    rolledBack: { type: 'final', tags: 'terminal' },
  },
};

/** What is declared of it. */
export const MINIATURE_DECLARED: ChartDeclarations = {
  ...NOTHING_DECLARED,
  terminalEvents: { committed: { RESTORE: 'noteRestore' }, 'stranded.givenUp': { RESTORE: 'noteRestore' } },
  goals: { '': 'committed', back: 'rolledBack', stranded: 'rolledBack' },
  pauses: ['pause'],
  boundedGuards: [{ guard: 'hasTries', counts: 'countTry', resets: ['noteRestore'], reason: 'they are counted' }],
  noted: { seen: 'noteSeen' },
  results: { forward: 'noteStep' },
  failures: [
    { name: 'error', on: { kind: 'error' }, within: 'work', leadsTo: [], records: ['noteFailure'] },
    { name: 'deadline', on: { kind: 'deadline' }, within: 'work', leadsTo: [], records: ['noteDeadline'] },
    {
      name: 'ABORT',
      on: { kind: 'event', event: 'ABORT', guard: null },
      within: 'work',
      leadsTo: [],
      records: ['noteAbort'],
    },
  ],
  recordsInstead: { back: 'noteStranding' },
  verdicts: { judge: ['isNo'] },
  requirements: [
    { name: 'before the first change', state: null, done: ['writeJournal'], sinceChange: false },
    { name: 'before committing', state: 'committed', done: ['compare'], sinceChange: true },
  ],
  resume: {
    guard: 'resumesAt',
    parameter: 'entry',
    inheritsBy: 'takeOver',
    entries: { committed: 'committed', back: 'back' },
  },
  wayBack: {
    part: 'back',
    end: 'rolledBack',
    stranded: 'stranded',
    giveUp: { '': 'refused' },
    forwardActor: 'forward',
    rollbackActor: 'rollback',
    forwardSteps: ['first', 'second'],
    optionalSteps: {},
    rollbackSteps: ['undoingSecond', 'undoingFirst'],
    inverses: { first: ['undoingFirst'], second: ['undoingSecond'] },
    closing: ['closeJournal'],
  },
};

const NAMES = {
  guards: ['isNew', 'resumesAt', 'isNo', 'isThere', 'hasTries'],
  actions: [
    ...['noteSeen', 'noteStep', 'noteFailure', 'noteDeadline', 'noteAbort', 'noteStranding', 'noteRestore'],
    ...['noteNo', 'countTry'],
  ],
  actors: ['takeOver', 'judge', 'writeJournal', 'forward', 'compare', 'rollback', 'closeJournal'],
  delays: ['limit', 'pause'],
};

/** The miniature, altered; `more` are implementations that the alterations need. */
export function miniature(
  alterations: Alterations = {},
  declared: Partial<ChartDeclarations> = {},
  more: Partial<Record<keyof typeof NAMES, Readonly<Record<string, unknown>>>> = {},
): VerifiedChart {
  const config = structuredClone(MINIATURE);
  for (const [path, value] of Object.entries(alterations)) alter(config, path.split('/'), value);
  const provided = Object.fromEntries(
    Object.entries(NAMES).map(([kind, names]) => [
      kind,
      { ...Object.fromEntries(names.map(name => [name, () => undefined])), ...more[kind as keyof typeof NAMES] },
    ]),
  );
  const machine = createMachine(config, provided) as unknown as AnyStateMachine;
  return { name: 'mini', machine, bind: () => machine, declared: { ...MINIATURE_DECLARED, ...declared } };
}

function alter(config: Branch, path: readonly string[], value: unknown): void {
  const place = path.slice(0, -1).reduce((branch, key) => branch[key] as Branch, config);
  const key = path.at(-1)!;
  if (value === undefined) delete place[key];
  else place[key] = value;
}
