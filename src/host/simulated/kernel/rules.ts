import type { Rule } from '../../../domain/rule.ts';
import { FIB_RULE_IIF_DETACHED, FIB_RULE_INVERT, FIB_RULE_OIF_DETACHED } from '../../../domain/rule.ts';
import type { HeldRule, Namespace } from './namespace.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';

/** Holds a rule, bound to the links that have its names now. */
export function holdRule(ns: Namespace, rule: Rule): HeldRule {
  // The look-up is the one that finds altnames too; later re-binding is by name alone.
  const index = (name: string | null): number | null =>
    name === null ? null : (ns.nodeAnsweringTo(name)?.link.index ?? null);
  return withFlags({ rule, iifIndex: index(rule.iif), oifIndex: index(rule.oif) });
}

/** Says in the flags which of the names is bound to no link. */
function withFlags(held: HeldRule): HeldRule {
  const { rule, iifIndex, oifIndex } = held;
  const flags =
    (rule.flags & ~(FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED)) |
    (rule.iif !== null && iifIndex === null ? FIB_RULE_IIF_DETACHED : 0) |
    (rule.oif !== null && oifIndex === null ? FIB_RULE_OIF_DETACHED : 0);
  return flags === rule.flags ? held : { ...held, rule: { ...rule, flags } };
}

/** fib_nl_newrule: behind the last one whose priority is not larger. */
export function addRule(ns: Namespace, wanted: Rule): Refusal | null {
  if (ns.rules.some(({ rule }) => isSameRule(rule, wanted))) return refuse('EEXIST');
  const made = holdRule(ns, { ...wanted, flags: wanted.flags & FIB_RULE_INVERT });
  const at = ns.rules.findIndex(
    ({ rule }) => rule.family > wanted.family || (rule.family === wanted.family && rule.priority > wanted.priority),
  );
  ns.rules = at < 0 ? [...ns.rules, made] : ns.rules.toSpliced(at, 0, made);
  ns.rulesChanged();
  return null;
}

/** fib_nl_delrule */
export function removeRule(ns: Namespace, wanted: Rule): Refusal | null {
  const found = ns.rules.find(({ rule }) => isSameRule(rule, wanted));
  if (found === undefined) return refuse('ENOENT');
  ns.rules = ns.rules.filter(held => held !== found);
  ns.rulesChanged();
  return null;
}

function isSameRule(a: Rule, b: Rule): boolean {
  return (
    a.family === b.family &&
    a.priority === b.priority &&
    a.action === b.action &&
    a.table === b.table &&
    a.from === b.from &&
    a.to === b.to &&
    a.tos === b.tos &&
    a.iif === b.iif &&
    a.oif === b.oif &&
    (a.fwmark ?? 0) === (b.fwmark ?? 0) &&
    (a.fwmask ?? 0) === (b.fwmask ?? 0) &&
    a.goto === b.goto &&
    a.suppressPrefixLength === b.suppressPrefixLength &&
    a.suppressGroup === b.suppressGroup &&
    a.l3mdev === b.l3mdev &&
    a.ipProtocol === b.ipProtocol &&
    isSameRange(a.uidRange, b.uidRange) &&
    isSameRange(a.sourcePorts, b.sourcePorts) &&
    isSameRange(a.destinationPorts, b.destinationPorts) &&
    (a.flags & FIB_RULE_INVERT) === (b.flags & FIB_RULE_INVERT)
  );
}

function isSameRange(a: Rule['uidRange'], b: Rule['uidRange']): boolean {
  return a?.start === b?.start && a?.end === b?.end;
}

/** Unbinds the rules of a link that goes or changes its name, and binds those that wait for a name which a link has now. */
export function rebindRules(ns: Namespace, linkIndex: number, name: string | null): void {
  let changed = false;
  const rebound = ns.rules.map(held => {
    let { iifIndex, oifIndex } = held;
    if (iifIndex === linkIndex) iifIndex = null;
    if (oifIndex === linkIndex) oifIndex = null;
    if (name !== null && iifIndex === null && held.rule.iif === name) iifIndex = linkIndex;
    if (name !== null && oifIndex === null && held.rule.oif === name) oifIndex = linkIndex;
    if (iifIndex === held.iifIndex && oifIndex === held.oifIndex) return held;
    changed = true;
    return withFlags({ ...held, iifIndex, oifIndex });
  });
  if (!changed) return;
  ns.rules = rebound;
  ns.rulesChanged();
}
