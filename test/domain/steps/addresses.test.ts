import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/domain/address.ts';
import {
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  IFA_F_TENTATIVE,
} from '../../../src/domain/address.ts';
import {
  addMissing,
  addressesOnHostPort,
  ageAddress,
  chosenFlags,
  inAddingOrder,
  inRemovingOrder,
  isMovable,
  isSameAddress,
  makeExact,
  relabel,
  settleFlags,
} from '../../../src/domain/steps/addresses.ts';
import { address, link } from '../precheck/hosts.ts';
import { applyToAddresses } from './kernel-model.ts';
import { snapshot } from './snapshots.ts';

const four = fc
  .record({ net: fc.nat(2), host: fc.integer({ min: 1, max: 4 }), wide: fc.boolean(), scope: fc.constantFrom(0, 253) })
  .map(({ net, host, wide, scope }) =>
    address({
      local: `10.${net}.0.${host}`,
      prefixLength: wide ? 24 : 32,
      scope: wide ? 0 : scope,
      label: host % 2 === 0 ? 'eth0:web' : 'eth0',
    }),
  );
const six = fc
  .record({ net: fc.nat(2), host: fc.integer({ min: 1, max: 4 }), local: fc.boolean() })
  .map(({ net, host, local }) =>
    address({ local: local ? `fe80::${host}` : `2001:db8:${net}::${host}`, scope: local ? 253 : 0 }),
  );
const nameOf = (a: Address): string => `${a.local}/${a.prefixLength}`;
const some = fc.uniqueArray(fc.oneof(four, six), { maxLength: 12, selector: nameOf });

/** What the kernel shows after addresses were added in any order. */
const dumped = some.map(list =>
  applyToAddresses(
    [],
    list.map(a => ({ op: 'address.add' as const, address: a })),
  ),
);

describe('the order of addresses', () => {
  it('adding in adding order shows them as they were', () => {
    fc.assert(
      fc.property(dumped, wanted => {
        const made = applyToAddresses([], addMissing(wanted, []));
        expect(made.map(nameOf)).toEqual(wanted.map(nameOf));
        expect(made.map(a => a.flags & IFA_F_SECONDARY)).toEqual(wanted.map(a => a.flags & IFA_F_SECONDARY));
      }),
    );
  });

  it('removing in removing order never takes an address along that is not meant', () => {
    fc.assert(
      fc.property(dumped, fc.nat(12), (present, count) => {
        const order = inRemovingOrder(present);
        const removed = order.slice(0, count);
        const left = applyToAddresses(
          present,
          removed.map(a => ({ op: 'address.remove', address: a })),
        );
        expect(left.map(nameOf).sort()).toEqual(order.slice(count).map(nameOf).sort());
      }),
    );
  });

  it('cut short while removing, adding what is missing shows them as they were', () => {
    fc.assert(
      fc.property(dumped, fc.nat(12), (present, count) => {
        const removals = inRemovingOrder(present).slice(0, count);
        const left = applyToAddresses(
          present,
          removals.map(a => ({ op: 'address.remove', address: a })),
        );
        const again = applyToAddresses(left, addMissing(present, left));
        expect(again.map(nameOf)).toEqual(present.map(nameOf));
      }),
    );
  });

  it('is a reordering only', () => {
    fc.assert(
      fc.property(some, list => {
        expect(inAddingOrder(list).map(nameOf).sort()).toEqual(list.map(nameOf).sort());
        expect(inRemovingOrder(list).map(nameOf).sort()).toEqual(list.map(nameOf).sort());
      }),
    );
  });
});

describe('making addresses exact', () => {
  it('ends with the wanted order, labels and primaries, from any subset in any order', () => {
    fc.assert(
      fc.property(dumped, fc.array(fc.nat(100), { maxLength: 12 }), fc.boolean(), (wanted, picks, relabelled) => {
        const start = picks.flatMap(pick => wanted[pick % Math.max(1, wanted.length)] ?? []);
        let now = applyToAddresses(
          [],
          start.map(a => ({
            op: 'address.add' as const,
            address: relabelled && a.family === 4 ? { ...a, label: 'eth0~' } : a,
          })),
        );
        // As the engine does: look, change, look again.
        for (let round = 0; round < 3; round += 1) {
          for (const family of [4, 6] as const) now = applyToAddresses(now, makeExact(wanted, now, family));
        }
        expect(now.map(a => [nameOf(a), a.label])).toEqual(wanted.map(a => [nameOf(a), a.label]));
        expect(makeExact(wanted, now, 4)).toEqual([]);
        expect(makeExact(wanted, now, 6)).toEqual([]);
      }),
    );
  });

  it('never touches an address that is not ours', () => {
    fc.assert(
      fc.property(dumped, dumped, (wanted, present) => {
        const ours = (a: Address): boolean => wanted.some(w => isSameAddress(w, a));
        for (const family of [4, 6] as const) {
          for (const effect of makeExact(wanted, present, family)) {
            expect('address' in effect && ours(effect.address) && effect.address.family === family).toBe(true);
          }
        }
      }),
    );
  });

  it('leaves alone what is exact already', () => {
    fc.assert(
      fc.property(dumped, list => {
        expect(makeExact(list, list, 4)).toEqual([]);
        expect(makeExact(list, list, 6)).toEqual([]);
      }),
    );
  });

  it('keeps everything before the first difference', () => {
    const [a, b, c] = ['10.9.0.2', '10.9.1.2', '10.9.2.2'].map(local => address({ local }));
    const effects = makeExact([a!, b!, c!], [a!, { ...b!, label: 'eth0:x' }, c!], 4);
    expect(effects.map(e => [e.op, 'address' in e && e.address.local])).toEqual([
      ['address.remove', '10.9.2.2'],
      ['address.remove', '10.9.1.2'],
      ['address.add', '10.9.1.2'],
      ['address.add', '10.9.2.2'],
    ]);
  });
});

describe('one address', () => {
  it.each([
    [null, 'eth0', 'br-ext', null],
    ['eth0', 'eth0', 'br-ext', 'br-ext'],
    ['eth0:web', 'eth0', 'br-ext', 'br-ext:web'],
    ['eth0:web', 'eth0', 'eth0', 'eth0:web'],
    ['eth01:web', 'eth0', 'br-ext', 'eth01:web'],
    ['mine', 'eth0', 'br-ext', 'mine'],
    // IFNAMSIZ: too long for the new name, so the old label stays.
    ['eth0:web', 'eth0', 'a-long-bridge', 'eth0:web'],
    ['eth0:web', 'eth0', 'elevenchars', 'elevenchars:web'],
  ])('label %s of %s on %s is %s', (label, from, to, expected) => {
    expect(relabel(label, from, to)).toBe(expected);
  });

  it.each([
    [null, null, 1000, null, null],
    [100, 50, 10, 90, 40],
    [100, 50, 60, 40, 0],
    [100, 50, 99, 1, 0],
    [100, null, 50, 50, null],
  ])('valid %s, preferred %s, after %s s: %s and %s', (valid, preferred, elapsedS, validLeft, preferredLeft) => {
    const aged = ageAddress(address({ validLifetimeS: valid, preferredLifetimeS: preferred }), elapsedS);
    expect([aged?.validLifetimeS, aged?.preferredLifetimeS]).toEqual([validLeft, preferredLeft]);
  });

  it.each([100, 101, 1e9])('that lived 100 s is gone after %s', elapsedS => {
    expect(ageAddress(address({ validLifetimeS: 100, preferredLifetimeS: 50 }), elapsedS)).toBeUndefined();
  });

  it('never lives longer than it had left, nor prefers longer than it lives', () => {
    const lifetime = fc.option(fc.nat(1000));
    fc.assert(
      fc.property(lifetime, lifetime, fc.nat(1200), (valid, preferred, elapsedS) => {
        const before = address({ validLifetimeS: valid, preferredLifetimeS: preferred });
        const aged = ageAddress(before, elapsedS);
        if (aged === undefined) {
          expect(valid).not.toBeNull();
          expect(valid!).toBeLessThanOrEqual(elapsedS);
          return;
        }
        if (valid !== null) expect(aged.validLifetimeS).toBe(valid - elapsedS);
        if (preferred !== null) expect(aged.preferredLifetimeS).toBe(Math.max(0, preferred - elapsedS));
      }),
    );
  });

  it('is told apart by family, prefix length and peer, not by label, flags or lifetime', () => {
    const a = address({ local: '10.9.0.2' });
    expect(isSameAddress(a, { ...a, label: 'x', flags: 7, validLifetimeS: 5, metric: 3, linkIndex: 99 })).toBe(true);
    expect(isSameAddress(a, { ...a, prefixLength: 25 })).toBe(false);
    expect(isSameAddress(a, { ...a, peer: '10.9.0.9' })).toBe(false);
    expect(isSameAddress(a, { ...a, local: '10.9.0.3' })).toBe(false);
  });

  it('moves unless it is an IPv6 link-local one, which belongs to its link', () => {
    expect(isMovable(address({ local: '10.9.0.2' }))).toBe(true);
    expect(isMovable(address({ local: '169.254.0.1' }))).toBe(true);
    expect(isMovable(address({ local: '2001:db8::1' }))).toBe(true);
    expect(isMovable(address({ local: 'fe80::1' }))).toBe(false);
    expect(isMovable(address({ local: 'febf::1' }))).toBe(false);
    expect(isMovable(address({ local: 'fec0::1' }))).toBe(true);
  });

  it('keeps the flags that somebody chose, and none that the kernel sets', () => {
    const kernels = IFA_F_SECONDARY | IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_PERMANENT | IFA_F_DEPRECATED;
    expect(chosenFlags({ flags: kernels })).toBe(0);
    expect(chosenFlags({ flags: kernels | IFA_F_NOPREFIXROUTE | IFA_F_NODAD })).toBe(IFA_F_NOPREFIXROUTE | IFA_F_NODAD);
  });
});

describe('addresses on the host port', () => {
  const wanted = snapshot({
    addresses: [
      address({ local: '10.9.0.2', label: 'eth0' }),
      address({ local: '10.9.0.3', label: 'eth0:web', validLifetimeS: 100, preferredLifetimeS: 100 }),
      address({ local: '2001:db8::2' }),
    ],
  });
  const hostPort = link({ index: 42, name: 'br-ext' });

  it('are the snapshot’s, in order, on that link, with its name in their labels and what is left of their lifetimes', () => {
    expect(
      addressesOnHostPort(wanted, hostPort, 30).map(a => [a.linkIndex, a.local, a.label, a.validLifetimeS]),
    ).toEqual([
      [42, '10.9.0.2', 'br-ext', null],
      [42, '10.9.0.3', 'br-ext:web', 70],
      [42, '2001:db8::2', null, null],
    ]);
    expect(addressesOnHostPort(wanted, hostPort, 200).map(a => a.local)).toEqual(['10.9.0.2', '2001:db8::2']);
  });

  it('of IPv6 are added without duplicate address detection, and get their own flags afterwards', () => {
    const [effect] = addMissing([address({ local: '2001:db8::2' })], []);
    expect(effect).toMatchObject({ op: 'address.add', address: { flags: IFA_F_PERMANENT | IFA_F_NODAD } });
    const there = address({ local: '2001:db8::2', flags: IFA_F_PERMANENT | IFA_F_NODAD, validLifetimeS: 7 });
    const [settle, ...more] = settleFlags([address({ local: '2001:db8::2', flags: IFA_F_PERMANENT })], [there]);
    // Lifetimes are those that are there: they have run down since.
    expect(settle).toMatchObject({ op: 'address.replace', address: { flags: IFA_F_PERMANENT, validLifetimeS: 7 } });
    expect(more).toEqual([]);
  });

  it('of IPv4 never need their flags settled: the kernel cannot change them', () => {
    const a = address({ local: '10.9.0.2', flags: IFA_F_NOPREFIXROUTE });
    expect(settleFlags([a], [{ ...a, flags: 0 }])).toEqual([]);
  });
});
