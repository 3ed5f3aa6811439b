import type { KernelState } from '../../../domain/kernel-state.ts';
import { linkByName } from '../../../domain/kernel-state.ts';
import type { Link } from '../../../domain/link.ts';
import { isMovable } from '../../../domain/steps/addresses.ts';
import type { KernelModel } from '../../../host/simulated/kernel/kernel-model.ts';
import type { World } from '../../../host/simulated/world.ts';
import { TARGET } from './move-case.ts';

/** The address that others give the link. */
export const CHANGED_MAC = '02:f0:00:00:00:aa';

/** Where a link is: `elsewhere` is a namespace of ours, or one whose path is gone and which somebody has open. */
export interface Whereabouts {
  readonly place: 'home' | 'target' | 'elsewhere';
  readonly kernel: KernelModel;
  readonly link: Link;
}

/** The link that a case moves, known by what only the world knows for sure: no case makes another one of its kind with its addresses. */
export interface Subject {
  /** As it was before everything. */
  readonly link: Link;
  /** Those that it had for ever, but for what the kernel makes itself. */
  readonly addresses: readonly string[];
  /** Undefined where it is nowhere. */
  find(): Whereabouts | undefined;
  is(link: Link): boolean;
}

/** The link of this name at home. */
export function createSubject(world: World, name: string): Subject {
  const state = world.kernel.read({ routes: false });
  const link = linkByName(state, name);
  if (link === undefined) throw new RangeError(`no link ${name}`);
  const is = (other: Link): boolean =>
    other.kind === link.kind &&
    other.permanentMac === link.permanentMac &&
    (other.mac === link.mac || other.mac === CHANGED_MAC);
  const lasting = state.addresses.filter(address => address.validLifetimeS === null && isMovable(address));
  return {
    link,
    addresses: addressesAt({ addresses: lasting }, link.index),
    is,
    find() {
      const places: readonly (readonly [Whereabouts['place'], KernelModel])[] = [
        ['home', world.kernel],
        ...[...world.namespaces].map(
          ([path, { kernel }]) => [path === TARGET ? 'target' : 'elsewhere', kernel] as const,
        ),
        ...[...world.nameless].map(({ kernel }) => ['elsewhere', kernel] as const),
      ];
      for (const [place, kernel] of places) {
        const found = kernel.read({ routes: false }).links.find(is);
        if (found !== undefined) return { place, kernel, link: found };
      }
      return undefined;
    },
  };
}

/** `10.9.0.2/24`, of one link. */
export function addressesAt({ addresses }: Pick<KernelState, 'addresses'>, index: number): readonly string[] {
  const own = addresses.filter(address => address.linkIndex === index);
  return own.map(({ local, prefixLength }) => `${local}/${prefixLength}`);
}
