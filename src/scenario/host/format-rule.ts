import type { Rule } from '../../domain/rule.ts';
import { FIB_RULE_IIF_DETACHED, FIB_RULE_INVERT, FIB_RULE_OIF_DETACHED } from '../../domain/rule.ts';
import { TABLES } from '../../host/simulated/description/ip-words.ts';

const ACTIONS: Readonly<Record<number, string>> = { 3: 'nop', 6: 'blackhole', 7: 'unreachable', 8: 'prohibit' };
const FR_ACT_GOTO = 2;
const ALL_BITS = 0xffffffff;

/** `1000: not from 10.9.0.3/32 iif eth0 fwmark 0x1 lookup 100`, close to `ip rule`; one of IPv6 begins with `-6 `. */
export function formatRule(rule: Rule): string {
  const words = [`${rule.priority}:`];
  if (rule.family === 6) words.unshift('-6');
  if ((rule.flags & FIB_RULE_INVERT) !== 0) words.push('not');
  words.push(`from ${rule.from ?? 'all'}`);
  if (rule.to !== null) words.push(`to ${rule.to}`);
  if (rule.tos !== 0) words.push(`tos ${rule.tos}`);
  if (rule.fwmark !== null) words.push(`fwmark ${formatMark(rule.fwmark, rule.fwmask)}`);
  if (rule.iif !== null) words.push(`iif ${rule.iif}${detached(rule, FIB_RULE_IIF_DETACHED)}`);
  if (rule.oif !== null) words.push(`oif ${rule.oif}${detached(rule, FIB_RULE_OIF_DETACHED)}`);
  if (rule.ipProtocol !== null) words.push(`ipproto ${rule.ipProtocol}`);
  if (rule.sourcePorts !== null) words.push(`sport ${formatRange(rule.sourcePorts)}`);
  if (rule.destinationPorts !== null) words.push(`dport ${formatRange(rule.destinationPorts)}`);
  if (rule.uidRange !== null) words.push(`uidrange ${formatRange(rule.uidRange)}`);
  if (rule.suppressPrefixLength !== null) words.push(`suppress_prefixlength ${rule.suppressPrefixLength}`);
  return [...words, formatAction(rule)].join(' ');
}

function formatAction({ action, goto, table }: Rule): string {
  if (action === FR_ACT_GOTO) return `goto ${goto}`;
  const [name = String(table)] = Object.entries(TABLES).find(([, number]) => number === table) ?? [];
  return ACTIONS[action] ?? `lookup ${name}`;
}

function detached({ flags }: Rule, flag: number): string {
  return (flags & flag) === 0 ? '' : ' [detached]';
}

function formatMark(mark: number, mask: number | null): string {
  const text = `0x${mark.toString(16)}`;
  return mask === null || mask === ALL_BITS ? text : `${text}/0x${mask.toString(16)}`;
}

function formatRange({ start, end }: { readonly start: number; readonly end: number }): string {
  return start === end ? String(start) : `${start}-${end}`;
}
