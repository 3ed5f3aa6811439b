import type { EffectResult } from '../../../domain/effect.ts';
import type { Link } from '../../../domain/link.ts';
import { isUp, standsOn } from '../../../domain/link.ts';
import { bringUp, setCarrier, takeDown } from './links.ts';
import type { Namespace } from './namespace.ts';
import { flagsOf } from './namespace.ts';
import { refuse } from './refusal.ts';

/** What may be changed of a link from outside; `up`, `mtu` and the like go through {@link KernelModel.apply}. */
export type LinkUpdate = Partial<
  Pick<Link, 'master' | 'slaveKind' | 'promiscuity' | 'carrier' | 'operState' | 'qdisc' | 'flags' | 'mac' | 'kind'>
>;

/** Drivers and other programs change a link. */
export function updateLink(ns: Namespace, index: number, change: LinkUpdate): void {
  const node = ns.node(index);
  if (node === undefined) return;
  const { carrier, flags, ...rest } = change;
  if (flags !== undefined && isUp({ flags }) !== isUp(node.link)) {
    if (isUp({ flags })) bringUp(ns, node);
    else takeDown(ns, node);
  }
  if (carrier !== undefined && carrier !== null) setCarrier(ns, node, carrier);
  const others = flags === undefined ? rest : { ...rest, flags: flagsOf(flags, isUp(node.link), node.hasCarrier) };
  const isChange = Object.entries(others).some(([key, value]) => node.link[key as keyof typeof others] !== value);
  if (!isChange) return;
  ns.setLink(node, others);
  ns.tellLink(node);
}

const HAS_RX_HANDLER = new Set(['macvlan', 'ipvlan', 'macvtap']);

/** do_set_master: one rx_handler a link. A link below macvlans has one, and so has the port of a bridge, bond, team or datapath. */
export function setMaster(ns: Namespace, index: number, master: number | null, slaveKind?: string): EffectResult {
  const node = ns.node(index);
  const refusal = node === undefined ? refuse('ENODEV') : refusalOf(ns, node.link, master);
  if (node !== undefined && refusal === null) {
    const kind = slaveKind ?? (master === null ? null : (ns.node(master)?.link.kind ?? null));
    updateLink(ns, index, { master, slaveKind: master === null ? null : kind });
    return { ok: true };
  }
  const { errno, errnoName } = refusal ?? refuse('ENODEV');
  const what = `cannot set master ${master}`;
  return { ok: false, failure: { code: 'NETLINK_REFUSED', what, object: `link ${index}`, errno, errnoName } };
}

function refusalOf(ns: Namespace, link: Link, master: number | null) {
  if (master === null) return null;
  if (ns.node(master) === undefined) return refuse('EINVAL');
  const isBelow = ns.nodes.some(({ link: other }) => standsOn(other, link) && HAS_RX_HANDLER.has(other.kind ?? ''));
  // An enslaved link is released first when the same request gives it another master; a datapath does not do that.
  return isBelow || (link.master !== null && link.master !== master) ? refuse('EBUSY') : null;
}
