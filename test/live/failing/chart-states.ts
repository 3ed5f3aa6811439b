import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import { sampled } from '../support/sampled.ts';

interface Node {
  readonly path: readonly string[];
  readonly states: Readonly<Record<string, Node>>;
}

/** The parts of the chart that a migration passes on its way forward, in order. */
const FORWARD_PARTS = [
  'assessing',
  'gating',
  'preparing',
  'cuttingOver',
  'verifying',
  'confirming',
  'committing',
  'disarmingGuard',
];

/** States that a migration does not rest in unless something else goes wrong, too: nothing can be timed to them. */
const SELDOM_SEEN = [
  // Left in the very step that enters it: every address that the plan makes is usable at once (`nodad`).
  'preparing.standing.awaitingAddresses',
  // Decisions, and what only a host whose uplink somebody manages goes through: test/live/network-manager.test.ts.
  'preparing.standing.facingOwners',
  'preparing.standing.releasingOwners',
  'cuttingOver.facingHandOver',
  'cuttingOver.handingOver',
  // Only after an altname took the host port's name: `failures-altname` leads there.
  'preparing.standing.awaitingHostPort.nudging',
];

/** Every state that a migration rests in on its way forward: read from the chart, so a new state is tested without being named here. */
export const FORWARD_STATES: readonly string[] = FORWARD_PARTS.flatMap(leavesOf).filter(
  state => !SELDOM_SEEN.includes(state),
);

/** Those of {@link FORWARD_STATES} that are tried. */
export const TRIED_STATES: readonly string[] = sampled(FORWARD_STATES, 6);

/** Every state of the way back, read from the chart. */
export const BACKWARD_STATES: readonly string[] = leavesOf('rollingBack');

/** Without the window that only `--confirm-within` opens. */
export const UNCONFIRMED_STATES: readonly string[] = FORWARD_STATES.filter(state => state !== 'confirming');

/** True when nothing can have been changed yet in that state: the journal is not there before `preparing.standing`. */
export function isBeforeChange(state: string): boolean {
  return !/^(preparing\.standing|cuttingOver|verifying|confirming|committing|disarmingGuard)/.test(state);
}

function leavesOf(part: string): string[] {
  const root = uplinkMigration.root as unknown as Node;
  const node = root.states[part];
  if (node === undefined) throw new Error(`the chart has no state ${part}`);
  return leaves(node);
}

function leaves(node: Node): string[] {
  const children = Object.values(node.states);
  return children.length === 0 ? [node.path.join('.')] : children.flatMap(leaves);
}
