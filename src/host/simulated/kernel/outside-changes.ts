import type { EffectResult } from '../../../domain/effect.ts';
import type { Link } from '../../../domain/link.ts';
import { isUp } from '../../../domain/link.ts';
import { bringUp, enslave, setCarrier, takeDown } from './links.ts';
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

/** Enslaves a link, or releases it. */
export function setMaster(ns: Namespace, index: number, master: number | null, slaveKind?: string): EffectResult {
  const node = ns.node(index);
  const refusal = node === undefined ? refuse('ENODEV') : enslave(ns, node, master, slaveKind);
  if (refusal === null) return { ok: true };
  const { errno, errnoName } = refusal;
  const what = `cannot set master ${master}`;
  return { ok: false, failure: { code: 'NETLINK_REFUSED', what, object: `link ${index}`, errno, errnoName } };
}
