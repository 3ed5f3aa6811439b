import fc from 'fast-check';
import { plainAddress } from '../../../../src/domain/address.ts';
import type { KernelEffect } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import type { Operation } from './operation.ts';
import { NEWEST } from './operation.ts';
import { addressArb, family, neighbour } from './random-addresses.ts';
import { altname, indexes, LINKS, linkRef, linkSet, name, sysctlWrite } from './random-links.ts';
import { routeArb, ruleArb } from './random-routes.ts';

const effect = (arbitrary: fc.Arbitrary<KernelEffect>): fc.Arbitrary<Operation> =>
  arbitrary.map(one => ({ kind: 'effect', effect: one }));

const nth = fc.nat({ max: 40 });

const how = fc.constantFrom<'add' | 'append' | 'replace'>('add', 'append', 'replace');

const addressOp = fc.constantFrom<'address.add' | 'address.replace' | 'address.remove'>(
  'address.add',
  'address.add',
  'address.add',
  'address.replace',
  'address.remove',
);

const routeOp = fc.constantFrom<'route.add' | 'route.append' | 'route.replace' | 'route.remove'>(
  'route.add',
  'route.add',
  'route.append',
  'route.replace',
  'route.remove',
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: effect(linkSet) },
  { weight: 3, arbitrary: effect(fc.record({ op: fc.constant('link.rename' as const), link: linkRef, to: name })) },
  {
    weight: 3,
    arbitrary: effect(
      fc.record({
        op: fc.constantFrom('altname.add' as const, 'altname.add' as const, 'altname.remove' as const),
        link: linkRef,
        altname,
      }),
    ),
  },
  { weight: 12, arbitrary: effect(fc.record({ op: addressOp, address: family.chain(addressArb) })) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove-altname' as const), nth }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove-address' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat-address' as const), nth, how }) },
  { weight: 12, arbitrary: effect(fc.record({ op: routeOp, route: family.chain(routeArb) })) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove-route' as const), nth }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat-route' as const), nth, how }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('move-route' as const), nth, how, to: fc.constantFrom(...indexes) }),
  },
  {
    weight: 2,
    arbitrary: effect(
      fc.record({
        op: fc.constantFrom('rule.add' as const, 'rule.add' as const, 'rule.remove' as const),
        rule: family.chain(ruleArb),
      }),
    ),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove-rule' as const), nth }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('add-link' as const),
      name: fc.oneof(
        { weight: 2, arbitrary: fc.constant('y0') },
        { weight: 1, arbitrary: name.filter(one => one !== '') },
      ),
      up: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ kind: 'effect', effect: { op: 'link.delete', link: { index: NEWEST, name: '' } } }),
  },
  { weight: 2, arbitrary: effect(neighbour) },
  { weight: 2, arbitrary: effect(sysctlWrite) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('carrier' as const),
      link: fc.constantFrom(LINKS.n0, LINKS.n1),
      carrier: fc.boolean(),
    }),
  },
);

const bringUp = (index: number): Operation => ({
  kind: 'effect',
  effect: { op: 'link.set', link: { index, name: '' }, up: true },
});

const base = (linkIndex: number, local: string): Operation => ({
  kind: 'effect',
  effect: {
    op: 'address.add',
    address: { ...plainAddress(linkIndex, local, local.includes(':') ? 64 : 24), flags: local.includes(':') ? 2 : 0 },
  },
});

const BASES = [
  base(LINKS.n0, '10.1.0.1'),
  base(LINKS.n1, '10.2.0.1'),
  base(LINKS.n0, 'fd01::1'),
  base(LINKS.n1, 'fd02::1'),
];

const focus = (kinds: readonly (4 | 6)[]): fc.Arbitrary<Operation> => {
  const dense = fc.constantFrom(...kinds).chain(one =>
    routeArb(one).map(route => ({
      ...route,
      table: 254,
      type: 1,
      protocol: 4,
      preference: null,
      expiresS: null,
      tos: 0,
      scope: 0,
      prefSrc: null,
      metrics: {},
      destination: one === 4 ? '10.3.0.0/16' : 'fd03::/48',
      priority: route.priority === 50 ? 100 : route.priority,
    })),
  );
  const powerOf = (index: number): fc.Arbitrary<KernelEffect> =>
    fc.boolean().map(up => ({ op: 'link.set', link: { index, name: '' }, up }));
  return fc.oneof(
    { weight: 10, arbitrary: effect(fc.record({ op: routeOp, route: dense })) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('move-route' as const), nth, how, to: fc.constantFrom(2, 3) }),
    },
    { weight: 1, arbitrary: effect(fc.constantFrom(LINKS.n0, LINKS.n1).chain(powerOf)) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove-address' as const), nth }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('carrier' as const),
        link: fc.constant(LINKS.n0),
        carrier: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom(...BASES) },
  );
};

/** A sequence of operations on a bench whose links are mostly up, and mostly have an address. */
export const sequence: fc.Arbitrary<readonly Operation[]> = fc
  .tuple(
    fc.subarray(indexes, { minLength: 3 }),
    fc.oneof({ weight: 2, arbitrary: fc.subarray(BASES, { minLength: 2 }) }, { weight: 1, arbitrary: fc.constant([]) }),
    fc.oneof(
      { weight: 4, arbitrary: fc.array(operation, { minLength: 1, maxLength: 24, size: 'max' }) },
      // Many routes of few keys, by links that come and go.
      { weight: 1, arbitrary: fc.array(focus([4]), { minLength: 4, maxLength: 24, size: 'max' }) },
      { weight: 1, arbitrary: fc.array(focus([6]), { minLength: 4, maxLength: 24, size: 'max' }) },
    ),
  )
  .map(([up, bases, operations]) => [...up.map(bringUp), ...bases, ...operations]);
