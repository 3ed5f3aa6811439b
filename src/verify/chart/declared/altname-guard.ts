import type { ChartDeclarations } from '../declarations.ts';
import { NOTHING_DECLARED } from '../declarations.ts';

const AS_ITS_PARENT = 'it lives as long as the state of its parent that invokes it; the deadline is that one';

/** What the proofs of altname-guard must be told. */
export const ALTNAME_GUARD: ChartDeclarations = {
  ...NOTHING_DECLARED,
  exceptions: [
    { rule: 'decision-open', state: 'watching', reason: AS_ITS_PARENT },
    { rule: 'deadline-missing', state: 'removingAltname', reason: AS_ITS_PARENT },
    { rule: 'deadline-missing', state: 'blocked', reason: AS_ITS_PARENT },
    { rule: 'goal-unreachable', state: '', reason: 'it has no end of its own: its parent stops it' },
  ],
  boundedGuards: [
    {
      guard: 'hasConflict',
      counts: 'countRemoval',
      resets: [],
      reason:
        'after a removal the link is taken to be without the altname, until the kernel tells otherwise: every turn needs an event',
    },
  ],
  noted: { 'netlink.link.changed': 'observeLink' },
  results: { removeAltname: 'countRemoval' },
  failures: [{ name: 'error', on: { kind: 'error' }, within: 'work', leadsTo: ['blocked'], records: [] }],
};
