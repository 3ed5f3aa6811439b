import fc from 'fast-check';
import type { Address } from '../../../../src/domain/address.ts';
import type { KernelEffect } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import { link, mostly, notLoopback } from './random-links.ts';

const lifetimes = mostly<readonly [number | null, number | null]>(
  [null, null],
  [3600, 1800],
  [3600, 3600],
  [3600, 0],
  [null, 0],
  [null, 500],
  [0, 0],
  [100, 200],
  [100, null],
);

/** An address of a few; every field that a request may carry. */
export function addressArb(family: 4 | 6): fc.Arbitrary<Address> {
  const v4 = family === 4;
  return fc
    .record({
      linkIndex: link,
      local: v4
        ? fc.constantFrom('10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.1.1', '10.2.0.1', '10.2.0.2')
        : fc.constantFrom('fd01::1', 'fd01::2', 'fd01::3', 'fd01:0:0:1::1', 'fd02::1', 'fe80::5'),
      prefixLength: v4 ? mostly(24, 16, 25, 30, 31, 32) : mostly(64, 48, 120, 127, 128),
      peer: v4 ? mostly<string | null>(null, '10.9.0.1', '10.1.0.9') : mostly<string | null>(null, 'fd09::1'),
      broadcast: v4
        ? mostly<string | null>(null, '10.1.0.255', '10.255.255.255', '255.255.255.255', '10.1.0.0')
        : fc.constant(null),
      label: v4 ? mostly<string | null>(null, 'n0', 'n0:web', 'n1:a', 'strange') : fc.constant(null),
      scope: v4 ? mostly(0, 253, 254, 200) : fc.constant(0),
      flags: v4 ? mostly(0, 0x200, 0x2) : mostly(0x2, 0, 0x200, 0x202, 0x10, 0x100, 0x4),
      metric: mostly<number | null>(null, 50, 0, 100),
      protocol: mostly<number | null>(null, 7, 0),
      life: lifetimes,
    })
    .map(({ life, ...rest }) => ({ family, ...rest, validLifetimeS: life[0], preferredLifetimeS: life[1] }));
}

/** Either IP family. */
export const family = fc.constantFrom<4 | 6>(4, 6);

/** A neighbour is set or removed. */
export const neighbour: fc.Arbitrary<KernelEffect> = fc.record({
  op: fc.constantFrom<'neighbour.set' | 'neighbour.remove'>('neighbour.set', 'neighbour.set', 'neighbour.remove'),
  neighbour: family.chain(one =>
    fc.record({
      family: fc.constant(one),
      linkIndex: notLoopback,
      address: one === 4 ? fc.constantFrom('10.1.0.50', '10.1.0.51') : fc.constantFrom('fd01::50', 'fd01::51'),
      mac: fc.constantFrom('02:00:00:00:00:50', '02:00:00:00:00:51'),
      state: mostly(0x80, 0x40),
      flags: fc.constant(0),
      protocol: fc.constant(null),
    }),
  ),
});
