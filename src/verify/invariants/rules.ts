import type { Rule } from '../../domain/rule.ts';
import { FIB_RULE_INVERT } from '../../domain/rule.ts';

const identities = { withState: new WeakMap<Rule, string>(), without: new WeakMap<Rule, string>() };

/** Everything of a rule; for I7 also whether it is detached. */
export function ruleIdentity(rule: Rule, withState: boolean): string {
  const known = withState ? identities.withState : identities.without;
  let identity = known.get(rule);
  if (identity === undefined) {
    // FIB_RULE_INVERT is what a person asked for; the others say what the kernel found.
    identity = `${describe(rule)} ${withState ? rule.flags : rule.flags & FIB_RULE_INVERT}`;
    known.set(rule, identity);
  }
  return identity;
}

function describe(rule: Rule): string {
  const { family, priority, action, table, from, to, tos, iif, oif, fwmark, fwmask, protocol } = rule;
  const range = (ports: Rule['sourcePorts']): string | null => (ports === null ? null : `${ports.start}-${ports.end}`);
  const match = [family, priority, action, table, from, to, tos, iif, oif, fwmark, fwmask, protocol];
  const more = [rule.goto, rule.suppressPrefixLength, rule.suppressGroup, rule.l3mdev, rule.ipProtocol];
  const ranges = [range(rule.uidRange), range(rule.sourcePorts), range(rule.destinationPorts)];
  return `${match} ${more} ${ranges}`;
}

/** `IPv4 rule 1000 from 10.9.0.3/32 table 100`. */
export function ruleObject(rule: Rule): string {
  const parts = [`IPv${rule.family} rule ${rule.priority}`];
  if (rule.from !== null) parts.push(`from ${rule.from}`);
  if (rule.to !== null) parts.push(`to ${rule.to}`);
  if (rule.iif !== null) parts.push(`iif ${rule.iif}`);
  if (rule.oif !== null) parts.push(`oif ${rule.oif}`);
  if (rule.fwmark !== null) parts.push(`fwmark ${rule.fwmark}`);
  return `${parts.join(' ')} table ${rule.table}`;
}
