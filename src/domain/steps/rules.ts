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

/** Two rules that the kernel would call the same (EEXIST). */
export function isSameRule(a: Rule, b: Rule): boolean {
  const key = ({ flags, ...rest }: Rule): string =>
    JSON.stringify([flags & FIB_RULE_INVERT, Object.entries(rest).sort()]);
  return key(a) === key(b);
}
