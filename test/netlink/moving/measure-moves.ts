import { closeSync, openSync } from 'node:fs';
import { isUplinkError } from '../../../src/errors.ts';
import type { LinkChange, NetlinkRequest } from '../../../src/netlink/index.ts';
import { setLinkRequest } from '../../../src/netlink/index.ts';
import { MessageWriter } from '../../../src/netlink/message-writer.ts';
import { LINK_INDEX, type MoveBench, NEW_NAME, openMoveBenches, type Place, type Sight } from './move-bench.ts';
import { MOVE_CASES, type MoveCase } from './move-cases.ts';

/** What came of a move: of the link only what is other than before. */
export interface MoveOutcome extends Partial<Omit<Sight, 'at'>> {
  readonly at?: Sight['at'] | 'nowhere';
  /** errno and extended-ack text; null for a success. */
  readonly refused: string | null;
  readonly also?: unknown;
}

const IFLA_NEW_IFINDEX = 49;

/** Carries out every case that this kernel can have. */
export async function measureMoves(): Promise<Record<string, MoveOutcome>> {
  const outcomes: Record<string, MoveOutcome> = {};
  await using benches = openMoveBenches();
  for (const [title, moveCase] of Object.entries<MoveCase>(MOVE_CASES)) {
    const bench = await benches.next();
    if ((await moveCase.prepare?.(bench)) === false) continue;
    outcomes[title] = await carryOut(moveCase, bench);
  }
  return outcomes;
}

async function carryOut(moveCase: MoveCase, bench: MoveBench): Promise<MoveOutcome> {
  const { change = { name: NEW_NAME }, newIndex, link, noNamespace, also } = moveCase;
  const { home, target } = bench;
  if (link !== undefined) {
    const index = (await home.netlink.linkByName(link))?.index;
    const refused = await move(home, target, change, newIndex, index);
    return { refused, at: (await home.netlink.linkByName(link)) === undefined ? 'nowhere' : 'home' };
  }
  const to = noNamespace ? { fd: openSync('/dev/null', 'r') } : target;
  const outcome = await watched(bench, () => move(home, to, change, newIndex));
  if (to !== target) closeSync(to.fd);
  return also === undefined ? outcome : { ...outcome, also: await also(bench) };
}

/** How the link differs after an action that returns what was refused. */
export async function watched(bench: MoveBench, action: () => Promise<string | null>): Promise<MoveOutcome> {
  const before = await bench.see();
  const refused = await action();
  const after = await bench.see();
  if (after === undefined) return { refused, at: 'nowhere' };
  const changed = Object.entries(after).filter(([key, value]) => value !== before?.[key as keyof Sight]);
  return { refused, ...Object.fromEntries(changed) };
}

/** One RTM_NEWLINK; what was refused, or null. */
export async function move(
  from: Place,
  to: Pick<Place, 'fd'>,
  change: LinkChange,
  newIndex?: number,
  index = LINK_INDEX,
): Promise<string | null> {
  const request = setLinkRequest(index, { netnsFd: to.fd, ...change });
  const [result] = await from.netlink.batch([newIndex === undefined ? request : withNewIndex(request, newIndex)]);
  if (result === undefined || result.ok) return null;
  const { error } = result;
  if (!isUplinkError(error)) throw error;
  return [error.details.errnoName, error.details.extAck].filter(text => text !== undefined).join(': ');
}

function withNewIndex(request: NetlinkRequest, newIndex: number): NetlinkRequest {
  const more = new MessageWriter().u32(IFLA_NEW_IFINDEX, newIndex).finish();
  return { ...request, payload: Buffer.concat([request.payload, more]) };
}
