import type { Link } from '../../../domain/link.ts';
import { IFF_UP, MAX_LINK_NAME_LENGTH } from '../../../domain/link.ts';
import type { Failure } from '../../../errors.ts';
import { bringUp, isValidName } from './links.ts';
import type { LinkNode, Namespace } from './namespace.ts';
import { flagsOf, hasMtuForIpv6, tellsOperState } from './namespace.ts';
import { PLAIN_LINK } from './plain-link.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import { rebindRules } from './rules.ts';
import { IPV6_MTU } from './sysctls.ts';

/** A link to make; what is left out is as with a new Ethernet link, down and with carrier. */
export type NewLink = Pick<Link, 'name'> & Partial<Omit<Link, 'name'>>;

const IFF_BROADCAST = 0x2;
const IFF_MULTICAST = 0x1000;

/** register_netdevice */
export function makeLink(ns: Namespace, spec: NewLink): Link | Failure {
  const refusal = refusalOf(ns, spec);
  if (refusal !== null) {
    const { errno, errnoName, extAck } = refusal;
    const what = `cannot create ${spec.kind} link`;
    const said = { errno, errnoName, ...(extAck === null ? {} : { extAck }) };
    return { code: 'NETLINK_REFUSED', what, object: spec.name, ...said };
  }
  const wantsUp = ((spec.flags ?? 0) & IFF_UP) !== 0;
  const hasCarrier = spec.carrier ?? true;
  const isFree = spec.index !== undefined && ns.node(spec.index) === undefined;
  const link: Link = {
    ...PLAIN_LINK,
    carrier: hasCarrier,
    ...spec,
    index: isFree ? spec.index : ns.nextIndex,
    flags: flagsOf(spec.flags ?? IFF_BROADCAST | IFF_MULTICAST, false, hasCarrier),
  };
  const node = registerLink(ns, link, hasCarrier);
  ns.tellLink(node);
  if (wantsUp) bringUp(ns, node);
  return node.link;
}

/** Puts a link that is down into a namespace, with that namespace's default sysctls. */
export function registerLink(ns: Namespace, link: Link, hasCarrier: boolean): LinkNode {
  const isUsual = (ns.defaults[IPV6_MTU] ?? String(link.mtu)) === String(link.mtu);
  const sysctls = isUsual ? ns.defaults : { ...ns.defaults, [IPV6_MTU]: String(link.mtu) };
  const hasIpv6 = hasMtuForIpv6(link);
  const node: LinkNode = {
    link,
    hasCarrier,
    hasOperState: tellsOperState(link),
    ipv4: [],
    ipv6: [],
    hasIpv6,
    isReady: false,
    sysctls,
    sysctlsRead: undefined,
  };
  ns.insertNode(node);
  rebindRules(ns, link.index, link.name);
  return node;
}

function refusalOf(ns: Namespace, { name, altnames = [] }: NewLink): Refusal | null {
  if (name.length > MAX_LINK_NAME_LENGTH) return refuse('ERANGE', 'Attribute failed policy validation');
  if (!isValidName(name)) return refuse('EINVAL');
  return [name, ...altnames].some(one => ns.nodeAnsweringTo(one) !== undefined) ? refuse('EEXIST') : null;
}
