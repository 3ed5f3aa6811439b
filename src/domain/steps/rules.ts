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

/** Rules never change in place, and each is compared with all others. */
const keys = new WeakMap<Rule, string>();

function keyOf(rule: Rule): string {
  let key = keys.get(rule);
  if (key === undefined) {
    const { flags, ...rest } = rule;
    key = JSON.stringify([flags & FIB_RULE_INVERT, Object.entries(rest).sort()]);
    keys.set(rule, key);
  }
  return key;
}

/** Two rules that the kernel would call the same (EEXIST). */
export function isSameRule(a: Rule, b: Rule): boolean {
  return a === b || keyOf(a) === keyOf(b);
}
