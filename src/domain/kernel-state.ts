import type { Address } from './address.ts';
import type { Link } from './link.ts';
import type { Neighbour } from './neighbour.ts';
import type { Route } from './route.ts';
import type { Rule } from './rule.ts';

/** Everything of one network namespace that the engine looks at, as one consistent set of dumps; plain JSON. */
export interface KernelState {
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  /** All tables, both families, in the kernel's order. */
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
  readonly neighbours: readonly Neighbour[];
}

/** Finds a link by ifindex. */
export function linkByIndex(state: Pick<KernelState, 'links'>, index: number): Link | undefined {
  return state.links.find(link => link.index === index);
}

/** Finds a link by its name only; altnames do not count (a lookup by altname finds the wrong link: F-03). */
export function linkByName(state: Pick<KernelState, 'links'>, name: string): Link | undefined {
  return state.links.find(link => link.name === name);
}
