import { createMachine } from 'xstate';
import type { ChartDeclarations } from '../../../src/verify/chart/declarations.ts';
import type { VerifiedChart } from '../../../src/verify/chart/rule.ts';
import type { Alterations } from './miniature.ts';
import { MINIATURE_DECLARED, miniature } from './miniature.ts';

/** A chart that breaks one proof. */
export interface BadChart {
  readonly code: string;
  readonly title: string;
  readonly chart: VerifiedChart;
  /** The offender. */
  readonly state: string;
  /** Part of what is said of it. */
  readonly says: string;
  /** Other proofs that such a chart cannot but break. */
  readonly also?: readonly string[];
}

const bad = (
  code: string,
  title: string,
  alterations: Alterations,
  offence: Pick<BadChart, 'state' | 'says' | 'also'>,
  declared: Partial<ChartDeclarations> = {},
  more: Parameters<typeof miniature>[2] = {},
): BadChart => ({ code, title, chart: miniature(alterations, declared, more), ...offence });

const { wayBack } = MINIATURE_DECLARED;

const childHearing = (event: string): unknown =>
  createMachine({ id: 'child', initial: 'one', states: { one: { on: { [event]: 'two' } }, two: { type: 'final' } } });

/** One at least of every rule. */
export const BAD_CHARTS: readonly BadChart[] = [
  bad(
    'kind-unproven',
    'a parallel state',
    { 'states/writing/type': 'parallel', 'states/writing/states': { one: {}, other: {} } },
    { state: 'writing', says: 'parallel' },
  ),
  bad(
    'state-unreachable',
    'a state that nothing leads to',
    { 'states/lost': { type: 'final', tags: 'terminal' } },
    { state: 'lost', says: 'no transition leads here' },
  ),
  bad(
    'state-dead',
    'a state that nothing leads out of',
    { 'states/stranded/states/waiting': {} },
    {
      state: 'stranded.waiting',
      says: 'nothing leads out of it',
      also: ['goal-unreachable', 'deadline-missing', 'name-left-over'],
    },
  ),
  bad(
    'goal-unreachable',
    'a state that only a deadline leads on from',
    { 'states/comparing/invoke/onDone': undefined },
    { state: 'comparing', says: 'committed cannot be reached' },
  ),
  bad(
    'goal-unreachable',
    'a part of the chart of which no goal is declared',
    {},
    { state: 'stranded.deciding', says: 'no goal is declared' },
    {
      goals: Object.fromEntries(
        ['entering', 'takingOver', 'resuming', 'judging', 'writing', 'first', 'second', 'awaiting', 'comparing']
          .map(part => [part, 'committed'])
          .concat([
            ['back', 'rolledBack'],
            ['stranded.waiting', 'rolledBack'],
          ]),
      ),
    },
  ),
  bad(
    'error-unanswered',
    'an invoke without an error transition',
    { 'states/writing/invoke/onError': undefined },
    { state: 'writing', says: 'writeJournal has no onError' },
  ),
  bad(
    'error-unanswered',
    'an error transition that a guard can hold back',
    { 'states/writing/invoke/onError/guard': 'isThere' },
    { state: 'writing', says: 'may not be taken' },
  ),
  bad(
    'deadline-missing',
    'work without a deadline',
    { 'states/writing/after': undefined },
    { state: 'writing', says: 'waits for writeJournal' },
  ),
  bad(
    'decision-open',
    'a decision without a last branch',
    { 'states/resuming/always/1/guard': 'isThere' },
    { state: 'resuming', says: 'stays here for ever', also: ['failure-unanswered', 'resume-astray'] },
  ),
  bad(
    'loop-unbounded',
    'a loop whose guard nobody declared',
    {},
    { state: 'back.undoingSecond', says: 'turns for ever' },
    { boundedGuards: [] },
  ),
  bad(
    'loop-unbounded',
    'a loop that does not count its turns',
    { 'states/stranded/states/deciding/always/0/actions': 'noteNo' },
    { state: 'back.undoingSecond', says: 'can turn without countTry', also: ['name-left-over'] },
  ),
  bad(
    'loop-unbounded',
    'a loop that begins to count again',
    { 'states/stranded/states/waiting/after/pause/actions': 'noteRestore' },
    { state: 'back.undoingSecond', says: 'begins to count again' },
  ),
  bad(
    'loop-unbounded',
    'decisions that send each other round',
    {
      'states/resuming/always/1': { target: 'wavering' },
      'states/wavering': { always: [{ guard: 'isThere', target: 'resuming' }, { target: 'back' }] },
    },
    { state: 'resuming', says: 'resuming → wavering' },
  ),
  bad(
    'wildcard-bare',
    'a state that takes every event',
    { 'states/writing/on/*': { actions: 'noteSeen' } },
    { state: 'writing', says: "'*'" },
  ),
  bad(
    'transition-shadowed',
    'a candidate after one without a guard',
    { 'states/judging/invoke/onDone/2': { guard: 'isThere', target: 'back' } },
    { state: 'judging', says: 'is never taken' },
  ),
  bad(
    'transition-shadowed',
    'a candidate with the guard of an earlier one',
    {
      'states/judging/invoke/onDone': [
        { guard: 'isNo', target: 'refused', actions: 'noteNo' },
        { guard: 'isNo', target: 'takingOver' },
        { target: 'writing' },
      ],
    },
    { state: 'judging', says: 'takingOver' },
  ),
  bad(
    'transition-shadowed',
    'an event that a decision cannot hear',
    { 'states/resuming/on': { seen: { actions: 'noteSeen' } } },
    { state: 'resuming', says: 'on seen' },
  ),
  bad(
    'end-open',
    'an end that an undeclared event leads on from',
    { 'states/committed/on/seen': { target: 'back', actions: 'noteSeen' } },
    { state: 'committed', says: 'leads on' },
  ),
  bad(
    'end-open',
    'an end that a declared event does not lead on from',
    { 'states/committed/on': undefined },
    { state: 'committed', says: 'RESTORE must lead on' },
  ),
  bad(
    'end-untagged',
    'a final state without the tag',
    { 'states/refused/tags': undefined },
    { state: 'refused', says: 'not tagged' },
  ),
  bad(
    'name-missing',
    'a delay in figures',
    { 'states/writing/after': { 500: { target: 'refused', actions: 'noteDeadline' } } },
    { state: 'writing', says: '500', also: ['name-unprovided'] },
  ),
  bad(
    'name-unprovided',
    'an action that nobody provides',
    { 'states/writing/invoke/onDone/actions': 'noteWriting' },
    { state: 'writing', says: 'noteWriting' },
  ),
  bad(
    'name-left-over',
    'a guard that no state names',
    {},
    { state: '', says: 'isForgotten' },
    {},
    { guards: { isForgotten: () => true } },
  ),
  bad(
    'event-unnoted',
    'a state that lets an event pass',
    { 'states/writing/on/seen': { actions: 'noteNo' } },
    { state: 'writing', says: 'seen can pass without noteSeen' },
  ),
  bad(
    'result-dropped',
    'a step whose report is lost',
    { 'states/first/invoke/onDone/actions': undefined },
    { state: 'first', says: 'goes on without noteStep' },
  ),
  bad(
    'child-unheard',
    'an invoked chart that is told nothing',
    { 'states/writing/on/tick': { actions: 'noteSeen' } },
    { state: 'writing', says: 'tick can pass without child hearing' },
    {},
    { actors: { writeJournal: childHearing('tick') } },
  ),
  bad(
    'verdict-ignored',
    'a no that is not asked for',
    { 'states/judging/invoke/onDone': { target: 'writing', actions: 'noteNo' } },
    { state: 'judging', says: 'without asking isNo', also: ['name-left-over'] },
  ),
  bad(
    'failure-unanswered',
    'work that cannot be aborted',
    { 'states/first/on/ABORT': undefined },
    { state: 'first', says: 'no answer to: ABORT' },
  ),
  bad(
    'failure-misled',
    'a failure that leaves a change in place',
    { 'states/first/on/ABORT/target': 'refused' },
    { state: 'first', says: 'must lead to back' },
  ),
  bad(
    'failure-misled',
    'an event that ends the run with a change in place',
    { 'states/first/on/QUIT': { target: 'refused' } },
    { state: 'first', says: 'leaves a change in place' },
  ),
  bad(
    'reason-unrecorded',
    'a failure that nobody is told of',
    { 'states/first/on/ABORT/actions': undefined },
    { state: 'first', says: 'does not noteAbort' },
  ),
  bad(
    'inverse-missing',
    'an inverse of nothing',
    {},
    { state: '', says: 'undoingThird undoes no forward step' },
    { wayBack: { ...wayBack!, rollbackSteps: ['undoingThird', ...wayBack!.rollbackSteps] } },
  ),
  bad(
    'inverse-missing',
    'a step that nothing undoes',
    {},
    { state: '', says: 'nothing undoes first', also: ['way-back-early'] },
    { wayBack: { ...wayBack!, inverses: { second: ['undoingSecond', 'undoingFirst'] } } },
  ),
  bad(
    'step-misplaced',
    'a step that can be passed by',
    { 'states/writing/invoke/onDone': [{ guard: 'isThere', target: 'second' }, { target: 'first' }] },
    { state: 'second', says: 'can be reached without first' },
  ),
  bad(
    'step-misplaced',
    'steps in another order than planned',
    {},
    { state: 'second', says: 'can be reached after first', also: ['way-back-short'] },
    { wayBack: { ...wayBack!, forwardSteps: ['second', 'first'] } },
  ),
  bad(
    'requirement-skipped',
    'a change before the journal is written',
    { 'states/judging/invoke/onDone/1/target': 'first', 'states/judging/on/WRITE': { target: 'writing' } },
    { state: 'judging', says: 'first without writeJournal' },
  ),
  bad(
    'requirement-skipped',
    'a commit without a comparison',
    { 'states/awaiting/on/HURRY': { target: 'committed' } },
    { state: 'awaiting', says: 'committed without compare' },
  ),
  bad(
    'resume-astray',
    'a journal that says committed and is rolled back',
    { 'states/resuming/always/0/guard/params/entry': 'other' },
    { state: 'rolledBack', says: 'go on at committed' },
  ),
  bad(
    'way-back-short',
    'a way back that begins behind an inverse',
    { 'states/second/on/ABORT/target': '#mini.back.undoingFirst' },
    { state: 'second', says: 'leaves second in place' },
  ),
  bad(
    'way-back-early',
    'a way back that begins before anything was done',
    { 'states/first/on/ABORT/target': '#mini.back' },
    { state: 'first', says: 'begins with undoingSecond' },
  ),
  bad(
    'way-back-broken',
    'a way back that does not end as declared',
    {},
    { state: 'back.undoingSecond', says: 'does not end with compare, closeJournal' },
    { wayBack: { ...wayBack!, closing: ['compare', 'closeJournal'] } },
  ),
  bad(
    'way-back-broken',
    'a way back that forks',
    {
      'states/back/states/undoingFirst/invoke/onDone': [
        { guard: 'isThere', target: '#mini.rolledBack' },
        { target: 'closing' },
      ],
    },
    { state: 'back.undoingFirst', says: 'stops at back.undoingFirst' },
  ),
  bad(
    'way-back-fails',
    'a way back that can be interrupted',
    { 'states/back/on': { ABORT: { target: 'refused', actions: 'noteAbort' } } },
    { state: 'back.undoingSecond', says: 'must not interrupt it' },
  ),
  bad(
    'exception-unneeded',
    'an exception that excuses nothing',
    {},
    { state: 'first', says: 'not needed any more' },
    { exceptions: [{ rule: 'deadline-missing', state: 'first', reason: 'once there was one' }] },
  ),
];
