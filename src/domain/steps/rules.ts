import type { Rule } from '../rule.ts';
import { FIB_RULE_INVERT } from '../rule.ts';
import type { Snapshot } from '../snapshot.ts';

/**
 * Rules that name the uplink, for a host port of another name: traffic that came in by the uplink comes in by the host port now
 * (F-19). Where the host port has the uplink's name the kernel re-attaches the rules by itself.
 */
export function rulesForHostPort(snapshot: Snapshot, hostPort: string | null): readonly Rule[] {
  const uplink = snapshot.link.name;
  if (hostPort === null || hostPort === uplink) return [];
  return snapshot.rules
    .filter(rule => rule.iif === uplink || rule.oif === uplink)
    .map(rule => ({
      ...rule,
      iif: rule.iif === uplink ? hostPort : rule.iif,
      oif: rule.oif === uplink ? hostPort : rule.oif,
    }));
}

/** The same for two rules that the kernel would call the same (EEXIST). */
export function identityOfRule(rule: Rule): string {
  const { family, priority, action, table, from, to, tos, iif, oif, fwmark, fwmask, protocol, goto, flags } = rule;
  const { suppressPrefixLength, suppressGroup, l3mdev, ipProtocol } = rule;
  const ranges = [rule.uidRange, rule.sourcePorts, rule.destinationPorts].map(r =>
    r === null ? '' : `${r.start}-${r.end}`,
  );
  return (
    `${family} ${priority} ${action} ${table} ${from} ${to} ${tos} ${iif} ${oif} ${fwmark}/${fwmask} ${protocol} ${goto} ` +
    `${suppressPrefixLength} ${suppressGroup} ${l3mdev} ${ipProtocol} ${ranges} ${flags & FIB_RULE_INVERT}`
  );
}

/** Answers whether a rule that the kernel would call the same is among them. */
export function lookUpRules(rules: readonly Rule[]): (rule: Rule) => boolean {
  const identities = new Set(rules.map(identityOfRule));
  return rule => identities.has(identityOfRule(rule));
}
