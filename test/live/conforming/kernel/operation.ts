import { describeEffect } from '../../../../src/domain/effect-text.ts';
import type { KernelState } from '../../../../src/domain/kernel-state.ts';
import { RTPROT_KERNEL, usesLink } from '../../../../src/domain/route.ts';
import type { KernelEffect } from '../../../../src/host/simulated/kernel/kernel-model.ts';

// What every namespace has stays as it is.
const LOOPBACK = 1;
const LAST_OF_BENCH = 7;
/** The ifindex that stands for the link that was made last. */
export const NEWEST = 50;

/** One thing that happens to a namespace: through us, or from outside. */
export type Operation =
  | { readonly kind: 'effect'; readonly effect: KernelEffect }
  /** Acts on what is there when its turn comes: the n-th of the list, counted around. */
  | { readonly kind: 'remove-address' | 'remove-altname' | 'remove-route' | 'remove-rule'; readonly nth: number }
  | {
      readonly kind: 'repeat-address' | 'repeat-route';
      readonly nth: number;
      readonly how: 'add' | 'append' | 'replace';
    }
  | {
      readonly kind: 'move-route';
      readonly nth: number;
      readonly to: number;
      readonly how: 'add' | 'append' | 'replace';
    }
  /** Somebody makes a link; later operations reach it as NEWEST. */
  | { readonly kind: 'add-link'; readonly name: string; readonly up: boolean }
  /** The far end of a link goes up or down. */
  | { readonly kind: 'carrier'; readonly link: number; readonly carrier: boolean };

/** The operation as it was carried out. */
export type Act =
  | { readonly kind: 'add-link'; readonly name: string; readonly up: boolean }
  | { readonly kind: 'effect'; readonly effect: KernelEffect }
  | { readonly kind: 'carrier'; readonly link: number; readonly carrier: boolean };

/** Turns an operation into what it does now; undefined where there is nothing to act on. */
export function resolve(operation: Operation, state: KernelState): Act | undefined {
  switch (operation.kind) {
    case 'effect':
      return { kind: 'effect', effect: withNewest(operation.effect, state) };
    case 'add-link':
    case 'carrier':
      return operation;
    case 'remove-address': {
      const address = nth(
        state.addresses.filter(one => one.linkIndex !== LOOPBACK),
        operation.nth,
      );
      return address && { kind: 'effect', effect: { op: 'address.remove', address } };
    }
    case 'remove-altname': {
      const named = state.links.flatMap(({ index, name, altnames }) =>
        altnames.map(altname => ({ link: { index, name }, altname })),
      );
      const one = nth(named, operation.nth);
      return one && { kind: 'effect', effect: { op: 'altname.remove', ...one } };
    }
    case 'repeat-address': {
      const address = nth(
        state.addresses.filter(one => one.linkIndex !== LOOPBACK),
        operation.nth,
      );
      const op = operation.how === 'add' ? 'address.add' : 'address.replace';
      return address && { kind: 'effect', effect: { op, address } };
    }
    case 'remove-route': {
      const route = nth(
        state.routes.filter(one => !usesLink(one, LOOPBACK)),
        operation.nth,
      );
      return route && { kind: 'effect', effect: { op: 'route.remove', route } };
    }
    case 'repeat-route': {
      const route = nth(
        state.routes.filter(one => !usesLink(one, LOOPBACK)),
        operation.nth,
      );
      return route && { kind: 'effect', effect: { op: `route.${operation.how}`, route } };
    }
    case 'move-route': {
      const route = nth(
        state.routes.filter(one => !usesLink(one, LOOPBACK)),
        operation.nth,
      );
      if (route === undefined) return undefined;
      const nexthops = route.nexthops.map((hop, i) => ({
        ...hop,
        flags: hop.flags & 4,
        linkIndex: i === 0 ? operation.to : hop.linkIndex,
      }));
      return { kind: 'effect', effect: { op: `route.${operation.how}`, route: { ...route, nexthops } } };
    }
    case 'remove-rule': {
      const rule = nth(
        state.rules.filter(one => one.protocol !== RTPROT_KERNEL),
        operation.nth,
      );
      return rule && { kind: 'effect', effect: { op: 'rule.remove', rule } };
    }
  }
}

/** Puts the link that was made last in the place of NEWEST. */
function withNewest(effect: KernelEffect, { links }: KernelState): KernelEffect {
  const newest = links.findLast(link => link.index > LAST_OF_BENCH)?.index;
  if (newest === undefined) return effect;
  const is = (index: number | null): number | null => (index === NEWEST ? newest : index);
  return JSON.parse(JSON.stringify(effect), (key, value) =>
    key === 'linkIndex' || key === 'index' ? is(value) : value,
  );
}

function nth<T>(list: readonly T[], n: number): T | undefined {
  return list.length === 0 ? undefined : list[n % list.length];
}

/** One line for people. */
export function describeAct(act: Act): string {
  if (act.kind === 'add-link') return `somebody makes link ${act.name}${act.up ? ', up' : ''}`;
  if (act.kind === 'carrier') return `far end of link ${act.link} ${act.carrier ? 'up' : 'down'}`;
  const { effect } = act;
  const text = describeEffect(effect, index => `link ${index}`);
  if ('address' in effect) return `${text} ${JSON.stringify(unusual(effect.address))}`;
  if ('route' in effect) return `${text} ${JSON.stringify(unusual(effect.route))}`;
  if ('rule' in effect) return `${text} ${JSON.stringify(unusual(effect.rule))}`;
  if ('link' in effect) return `${text} (link ${effect.link.index})`;
  return text;
}

function unusual(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== 0));
}
