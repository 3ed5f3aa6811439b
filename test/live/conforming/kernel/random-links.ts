import fc from 'fast-check';
import type { KernelEffect } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import { NEWEST } from './operation.ts';

/** The links of the bench by ifindex; see bench.ts. */
export const LINKS = { n0: 2, n1: 3, n2: 4, n3: 5, p1: 6, p0: 7 } as const;

/** All of them. */
export const indexes = Object.values(LINKS);

const ABSENT = 99;

// Few values each: sequences shall meet the same names, addresses and prefixes again and again.
const NAMES = ['n0', 'n1', 'n2', 'p0', 'x0', 'x1', 'n0~', 'fifteenletters1'];

const BAD_NAMES = ['sixteenletters12', '.', '..', 'a/b', 'a:b', 'a b', 'lo', ''];

/** A link of the bench, mostly one of the first three; sometimes one that is not there. */
export const link = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...indexes.slice(0, 3)) },
  { weight: 4, arbitrary: fc.constantFrom(...indexes) },
  { weight: 1, arbitrary: fc.constantFrom(1, ABSENT, NEWEST, NEWEST) },
);

/** The same without `lo`. */
export const notLoopback = link.filter(index => index !== 1);

/** The same as effects name it. */
export const linkRef = notLoopback.map(index => ({
  index,
  name: Object.entries(LINKS).find(([, i]) => i === index)?.[0] ?? 'lo',
}));

/** A name for a link, some of them bad. */
export const name = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.constantFrom(...BAD_NAMES) },
);

/** A name for an altname, some of them too long. */
export const altname = fc.oneof(
  { weight: 9, arbitrary: name },
  { weight: 2, arbitrary: fc.constantFrom('a-name-of-more-than-fifteen-letters', 'x'.repeat(127), 'y'.repeat(128)) },
);

/** Mostly the first value. */
export function mostly<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: others.length > 0 ? 2 : 0, arbitrary: fc.constantFrom(...others, usual) },
  );
}

/** A change of a link. */
export const linkSet: fc.Arbitrary<KernelEffect> = fc
  .record({
    link: linkRef,
    change: fc.oneof(
      { weight: 6, arbitrary: fc.boolean().map(up => ({ up })) },
      { weight: 3, arbitrary: mostly(1500, 1400, 9000, 1280, 1279, 576, 68, 67, 65535, 65536).map(mtu => ({ mtu })) },
      {
        weight: 2,
        arbitrary: fc
          .constantFrom('02:00:00:00:00:aa', '02:00:00:00:00:BB', '01:00:5e:00:00:01', '00:00:00:00:00:00', '02:00:00')
          .map(mac => ({ mac })),
      },
      { weight: 1, arbitrary: fc.constantFrom('', 'an alias').map(alias => ({ alias })) },
      { weight: 1, arbitrary: fc.boolean().map(promiscuous => ({ promiscuous })) },
      { weight: 1, arbitrary: fc.constantFrom(0, 7).map(group => ({ group })) },
      { weight: 1, arbitrary: fc.constantFrom(1000, 500).map(txQueueLength => ({ txQueueLength })) },
      {
        weight: 1,
        arbitrary: fc.record({ up: fc.boolean(), mtu: fc.constantFrom(1500, 1400, 70000), alias: fc.constant('both') }),
      },
    ),
  })
  .map(({ link: ref, change }) => ({ op: 'link.set', link: ref, ...change }));

const SYSCTLS: readonly (readonly [string, readonly string[]])[] = [
  ['ipv4/conf/{link}/promote_secondaries', ['0', '1']],
  ['ipv6/conf/{link}/keep_addr_on_down', ['0', '1']],
  ['ipv6/conf/{link}/disable_ipv6', ['0', '1', '0']],
  ['ipv4/conf/{link}/rp_filter', ['2', ' 1', 'x']],
  ['ipv4/conf/{link}/no_such_thing', ['1']],
];

/** A sysctl is written, some of them absent or with a bad value. */
export const sysctlWrite: fc.Arbitrary<KernelEffect> = fc.constantFrom(...SYSCTLS).chain(([key, values]) =>
  fc
    .record({ value: fc.constantFrom(...values), linkName: fc.constantFrom('n0', 'n0', 'n1', 'n2', 'x0') })
    .map(({ value, linkName }) => ({
      op: 'sysctl.write',
      link: { index: 0, name: linkName },
      key,
      value,
    })),
);
