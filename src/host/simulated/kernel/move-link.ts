import type { Effect, EffectResult } from '../../../domain/effect.ts';
import { isUp } from '../../../domain/link.ts';
import { destroyIpv4 } from './ipv4-addresses.ts';
import { flushIpv4Link } from './ipv4-route-flush.ts';
import { takeIpv6Down } from './ipv6-up-down.ts';
import { setLink, takeDown } from './links.ts';
import { registerLink } from './make-link.ts';
import type { Namespace } from './namespace.ts';
import { isLoopback } from './namespace.ts';
import { dropNeighbours } from './neighbours.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import { rebindRules } from './rules.ts';

/** What one request asks for beside the namespace. */
export type LinkMove = Omit<Extract<Effect, { op: 'link.move' }>, 'op' | 'link' | 'to'>;

/** dev_change_net_namespace, then the rename: refused there, the link has moved all the same. */
export function moveLink(from: Namespace, index: number, to: Namespace, change: LinkMove): EffectResult {
  const refusal = move(from, index, to, change);
  if (refusal === null) return { ok: true };
  const { errno, errnoName, extAck } = refusal;
  const said = { errno, errnoName, ...(extAck === null ? {} : { extAck }) };
  return {
    ok: false,
    failure: { code: 'NETLINK_REFUSED', what: 'cannot move link', object: `link ${index}`, ...said },
  };
}

function move(
  from: Namespace,
  index: number,
  to: Namespace,
  { name: newName, up, index: wantedIndex }: LinkMove,
): Refusal | null {
  const node = from.node(index);
  if (node === undefined) return refuse('ENODEV');
  if (isLoopback(node.link)) return refuse('EINVAL', 'The interface netns is immutable');
  if (from === to) return newName === null ? null : setLink(from, index, { name: newName });
  let name = node.link.name;
  if (to.nodeAnsweringTo(name) !== undefined) {
    if (newName === null) return refuse('EEXIST', 'An interface with the same name exists in the target netns');
    if (to.nodeAnsweringTo(newName) !== undefined) {
      return refuse('EEXIST', `Unable to use '${newName}' for the new interface name in the target netns`);
    }
    name = newName;
  }
  const altname = node.link.altnames.find(one => to.nodeAnsweringTo(one) !== undefined);
  if (altname !== undefined) {
    return refuse('EEXIST', `An interface with the altname ${altname} exists in the target netns`);
  }
  if (wantedIndex !== undefined && to.node(wantedIndex) !== undefined) {
    return refuse('EBUSY', `The ifindex ${wantedIndex} is not available in the target netns`);
  }
  if (isUp(node.link)) takeDown(from, node);
  from.dropNode(node);
  flushIpv4Link(from, index, 'unregister');
  destroyIpv4(from, node);
  takeIpv6Down(from, node, true);
  for (const family of [4, 6] as const) dropNeighbours(from, family, index, 'all');
  rebindRules(from, index, null);
  from.tell({ type: 'netlink.link.removed', link: node.link });
  const newIndex = wantedIndex ?? (to.node(index) === undefined ? index : to.nextIndex);
  const link = { ...node.link, index: newIndex, name, master: null, slaveKind: null };
  to.tellLink(registerLink(to, link, node.hasCarrier));
  const change = { ...(newName !== null && newName !== name && { name: newName }), ...(up === true && { up }) };
  return setLink(to, newIndex, change);
}
