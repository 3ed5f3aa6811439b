import type { DeclaredException } from '../declarations.ts';

const DECIDED = 'the decision has fallen and is one write to the disk away; from then on RESTORE is the way back';
const LEFT_TO_JOURNAL = 'this run has done nothing yet: the journal stays, and says where the next one goes on';
const MOVED = 'the addresses are on the host port by then, and it is we who take them off the uplink';
const DOWN_TO_RENAME = 'a kernel that cannot rename a link that is up takes it down for a moment, and flushes it';
const COMMITTED =
  'the journal says committed: a guard that is not proven to be gone leaves the host alone all the same';

/** Where uplink-migration departs from the rules on purpose. */
export const MIGRATION_EXCEPTIONS: readonly DeclaredException[] = [
  ...excuse('failure-misled', 'rearming', ['ABORT'], LEFT_TO_JOURNAL),
  ...excuse(
    'failure-unanswered',
    'rearming',
    ['uplink removed', 'carrier lost', 'address taken away'],
    LEFT_TO_JOURNAL,
  ),
  ...excuse(
    'failure-misled',
    'rearming',
    ['error', 'deadline'],
    'a resumed run goes on without a guard where none can be had: its way back must not be kept from happening',
  ),
  ...excuse(
    'event-unnoted',
    'preparing',
    ['leaving on engine.guard.lost'],
    'the run ends for it: it is recorded as the failure, not as a lack of the result',
  ),
  ...excuse(
    'event-unnoted',
    'preparing.standing',
    ['leaving on netlink.address.removed'],
    'only addresses of the host port are noted; the one that is missed here was on the uplink',
  ),
  ...excuse(
    'failure-unanswered',
    'preparing.standing.releasingOwners',
    ['address taken away'],
    'who lets a link go may take its addresses along, and the step puts them back',
  ),
  ...excuse(
    'failure-unanswered',
    'preparing.standing.renamingUplink',
    ['carrier lost', 'address taken away'],
    DOWN_TO_RENAME,
  ),
  ...excuse('failure-unanswered', 'cuttingOver', ['address taken away'], MOVED),
  ...excuse('failure-unanswered', 'verifying', ['address taken away'], MOVED),
  ...excuse('failure-unanswered', 'confirming', ['address taken away'], MOVED),
  ...excuse(
    'failure-unanswered',
    'confirming',
    ['carrier lost'],
    'the window can be long, and cables are pulled: whether to go back is for who confirms, or for its end',
  ),
  ...excuse(
    'failure-unanswered',
    'committing',
    ['ABORT', 'uplink removed', 'carrier lost', 'address taken away', 'lock lost'],
    DECIDED,
  ),
  ...excuse('failure-misled', 'disarmingGuard', ['error', 'deadline'], COMMITTED),
  ...excuse(
    'failure-unanswered',
    'disarmingGuard',
    ['ABORT', 'uplink removed', 'carrier lost', 'address taken away', 'lock lost'],
    COMMITTED,
  ),
];

function excuse(
  rule: string,
  state: string,
  failures: readonly string[],
  reason: string,
): readonly DeclaredException[] {
  return failures.map(about => ({ rule, state, about, reason }));
}
