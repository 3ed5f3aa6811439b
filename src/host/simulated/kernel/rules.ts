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

/** fib_nl_delrule: the first that fits in what the request says; what it leaves open fits any. */
export function removeRule(ns: Namespace, wanted: Rule): Refusal | null {
  const found = ns.rules.find(({ rule }) => fits(rule, wanted));
  if (found === undefined) return refuse('ENOENT');
  ns.rules = ns.rules.filter(held => held !== found);
  ns.rulesChanged();
  return null;
}

/** rule_exists: everything counts but prefixes and tos that the new rule leaves open, and the inversion. */
function isSameRule(rule: Rule, wanted: Rule): boolean {
  return (
    hasSameSelectors(rule, wanted) &&
    rule.action === wanted.action &&
    rule.table === wanted.table &&
    rule.iif === wanted.iif &&
    rule.oif === wanted.oif &&
    (rule.fwmark ?? 0) === (wanted.fwmark ?? 0) &&
    maskOf(rule) === maskOf(wanted) &&
    rule.suppressPrefixLength === wanted.suppressPrefixLength &&
    rule.suppressGroup === wanted.suppressGroup &&
    rule.l3mdev === wanted.l3mdev &&
    rule.ipProtocol === wanted.ipProtocol &&
    isSameRange(rule.uidRange, wanted.uidRange) &&
    isSameRange(rule.sourcePorts, wanted.sourcePorts) &&
    isSameRange(rule.destinationPorts, wanted.destinationPorts)
  );
}

/** rule_find */
function fits(rule: Rule, wanted: Rule): boolean {
  return (
    hasSameSelectors(rule, wanted) &&
    (wanted.action === 0 || rule.action === wanted.action) &&
    (wanted.table === 0 || rule.table === wanted.table) &&
    (wanted.iif ?? rule.iif) === rule.iif &&
    (wanted.oif ?? rule.oif) === rule.oif &&
    ((wanted.fwmark ?? 0) === 0 || rule.fwmark === wanted.fwmark) &&
    (maskOf(wanted) === 0 || maskOf(rule) === maskOf(wanted)) &&
    (wanted.suppressPrefixLength ?? rule.suppressPrefixLength) === rule.suppressPrefixLength &&
    (wanted.suppressGroup ?? rule.suppressGroup) === rule.suppressGroup &&
    (!wanted.l3mdev || rule.l3mdev) &&
    (wanted.ipProtocol ?? rule.ipProtocol) === rule.ipProtocol &&
    isSameRange(rule.uidRange, wanted.uidRange ?? rule.uidRange) &&
    isSameRange(rule.sourcePorts, wanted.sourcePorts ?? rule.sourcePorts) &&
    isSameRange(rule.destinationPorts, wanted.destinationPorts ?? rule.destinationPorts)
  );
}

/** Family and priority, and what fib4_rule_compare looks at: only where the request says something. */
function hasSameSelectors(rule: Rule, wanted: Rule): boolean {
  return (
    rule.family === wanted.family &&
    rule.priority === wanted.priority &&
    (wanted.from ?? rule.from) === rule.from &&
    (wanted.to ?? rule.to) === rule.to &&
    (wanted.tos === 0 || rule.tos === wanted.tos)
  );
}

/** A mark without a mask has all its bits looked at. */
function maskOf({ fwmark, fwmask }: Rule): number {
  return fwmask ?? ((fwmark ?? 0) === 0 ? 0 : 0xffffffff);
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
