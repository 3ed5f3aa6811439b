import { isUp } from '../../../domain/link.ts';
import type { LinkSysctls } from '../../../domain/snapshot.ts';
import { bringIpv6Up, takeIpv6Down } from './ipv6-up-down.ts';
import type { LinkNode, Namespace } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

const DISABLE_IPV6 = 'ipv6/conf/{link}/disable_ipv6';
/** It follows the link's MTU. */
export const IPV6_MTU = 'ipv6/conf/{link}/mtu';
const READ_ONLY = new Set(['ipv4/conf/{link}/mc_forwarding', 'ipv6/conf/{link}/mc_forwarding']);

/** All of a link's; those of IPv6 only while the link has IPv6. Empty for a link that is not there. */
export function readSysctls(ns: Namespace, linkName: string): LinkSysctls {
  const node = ns.nodeByName(linkName);
  if (node === undefined) return {};
  if (node.hasIpv6) return node.sysctls;
  node.sysctlsRead ??= Object.fromEntries(Object.entries(node.sysctls).filter(([key]) => !key.startsWith('ipv6/conf')));
  return node.sysctlsRead;
}

/** Sets one without the effects of a write. */
export function setSysctl(node: LinkNode, key: string, value: string): void {
  if (node.sysctls[key] === value) return;
  node.sysctls = { ...node.sysctls, [key]: value };
  node.sysctlsRead = undefined;
}

/** Writes one, as a process would through /proc/sys. */
export function writeSysctl(ns: Namespace, linkName: string, key: string, value: string): Refusal | null {
  const node = ns.nodeByName(linkName);
  const was = readSysctls(ns, linkName)[key];
  if (node === undefined || was === undefined) return refuse('ENOENT');
  if (READ_ONLY.has(key)) return refuse('EACCES');
  if (/^-?\d+$/.test(was) && !/^\s*-?\d+\s*$/.test(value)) return refuse('EINVAL');
  const said = /^\s*-?\d+\s*$/.test(value) ? String(Number(value)) : value.trim();
  setSysctl(node, key, said);
  if (key !== DISABLE_IPV6 || (was === '0') === (said === '0')) return null;
  if (said !== '0') takeIpv6Down(ns, node, false);
  else if (isUp(node.link)) bringIpv6Up(ns, node);
  return null;
}
