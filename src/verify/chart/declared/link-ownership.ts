import type { ChartDeclarations } from '../declarations.ts';
import { NOTHING_DECLARED } from '../declarations.ts';

const AS_ITS_PARENT = 'it lives as long as the state of its parent that invokes it; the deadline is that one';

/** What the proofs of link-ownership must be told. */
export const LINK_OWNERSHIP: ChartDeclarations = {
  ...NOTHING_DECLARED,
  exceptions: [
    { rule: 'decision-open', state: 'watching', reason: AS_ITS_PARENT },
    { rule: 'deadline-missing', state: 'releasing', reason: AS_ITS_PARENT },
    { rule: 'deadline-missing', state: 'blocked', reason: AS_ITS_PARENT },
    { rule: 'goal-unreachable', state: '', reason: 'it has no end of its own: its parent stops it' },
  ],
  boundedGuards: [
    {
      guard: 'isChangedSince',
      counts: 'forgetChange',
      resets: ['noteChange'],
      reason: 'the change is forgotten when the look begins: every turn needs an event',
    },
  ],
  noted: { 'owner.changed': 'noteChange' },
  results: { releaseAgain: 'countReclaim' },
  failures: [{ name: 'error', on: { kind: 'error' }, within: 'work', leadsTo: ['blocked'], records: [] }],
};
