import { FIB_RULE_INVERT, type Rule } from '../../../domain/rule.ts';
import { bitsOf, prefixOf } from './ip-bits.ts';
import type { HeldRule, Namespace } from './namespace.ts';

/** A look-up of the kernel's own, to check a gateway: no source, no mark, as if from `lo`. */
export interface Flow {
  readonly destination: string;
  /** The link that the request names; null for any. */
  readonly oif: number | null;
}

const LOOPBACK_INDEX = 1;
const FR_ACT_TO_TBL = 1;
const FR_ACT_GOTO = 2;
const FR_ACT_NOP = 3;

/** What a table answers: a route, `next` for "ask the next rule", or the errno of a route that drops packets. */
export type TableAnswer<T> = { readonly found: T } | 'next' | RejectErrno;

/** Errno of a route or rule that drops packets. */
export type RejectErrno = 'EINVAL' | 'EHOSTUNREACH' | 'ENETUNREACH' | 'EACCES';

const ERRNO_OF_ACTION: Readonly<Record<number, RejectErrno>> = { 7: 'ENETUNREACH', 8: 'EACCES' };

/** Asks the tables in the order of the policy rules; ENETUNREACH when none knows the way. */
export function lookUpByRules<T>(
  ns: Namespace,
  family: 4 | 6,
  flow: Flow,
  lookUp: (table: number) => TableAnswer<T>,
): { readonly found: T } | RejectErrno {
  let from = 0;
  for (const held of ns.rules) {
    const { rule } = held;
    if (rule.family !== family || rule.priority < from || !matches(held, flow)) continue;
    if (rule.action === FR_ACT_NOP) continue;
    if (rule.action === FR_ACT_GOTO) {
      from = rule.goto ?? 0;
      continue;
    }
    if (rule.action !== FR_ACT_TO_TBL) return ERRNO_OF_ACTION[rule.action] ?? 'EINVAL';
    const answer = lookUp(rule.table);
    if (answer === 'next' || (typeof answer === 'object' && isSuppressed(rule))) continue;
    return answer;
  }
  return 'ENETUNREACH';
}

/** Suppressors are only used with a prefix length of 0, to skip defaults; a gateway check never finds one useful either way. */
function isSuppressed(rule: Rule): boolean {
  return rule.suppressPrefixLength !== null;
}

function matches({ rule, iifIndex, oifIndex }: HeldRule, flow: Flow): boolean {
  const isMatch =
    (rule.iif === null || iifIndex === LOOPBACK_INDEX) &&
    (rule.oif === null || (oifIndex !== null && oifIndex === flow.oif)) &&
    (rule.from === null || prefixOf(rule.from).length === 0) &&
    (rule.to === null || bitsOf(flow.destination).startsWith(prefixOf(rule.to).network)) &&
    (rule.fwmark === null || (rule.fwmark & (rule.fwmask ?? 0xffffffff)) === 0) &&
    rule.tos === 0 &&
    !rule.l3mdev &&
    rule.uidRange === null &&
    rule.ipProtocol === null &&
    rule.sourcePorts === null &&
    rule.destinationPorts === null;
  return isMatch !== ((rule.flags & FIB_RULE_INVERT) !== 0);
}
