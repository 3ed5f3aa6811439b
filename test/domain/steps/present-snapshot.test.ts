import { describe, expect, it } from 'vitest';
import { NO_OWNERS } from '../../../src/domain/owners.ts';
import { presentSnapshot } from '../../../src/domain/steps/present-snapshot.ts';
import { address, hop, route } from '../precheck/hosts.ts';
import { snapshot } from './snapshots.ts';

const lease = address({ local: '10.8.0.2', validLifetimeS: 60, preferredLifetimeS: 30 });
const prefix = route({ destination: '10.8.0.0/24', protocol: 2, scope: 253, prefSrc: '10.8.0.2', nexthops: [hop({})] });
const other = route({ destination: '192.0.2.0/24' });
const before = snapshot({ addresses: [lease], routes: [prefix, other] });

describe('the snapshot as leases have changed since', () => {
  it('is the same while a lease runs down, though its rest is read a second too long each time', () => {
    const read = { ...lease, validLifetimeS: 51, preferredLifetimeS: 21 };
    expect(presentSnapshot(before, 10, [read])).toEqual(before);
  });

  it('has the rest of a lease that was renewed', () => {
    const [renewed] = presentSnapshot(before, 90, [
      { ...lease, validLifetimeS: 3600, preferredLifetimeS: 1800 },
    ]).addresses;
    expect(renewed).toMatchObject({ validLifetimeS: 3690, preferredLifetimeS: 1890 });
  });

  it('has no route of a lease that has ended, and keeps those of others', () => {
    expect(presentSnapshot(before, 60, []).routes).toEqual([other]);
  });

  it('has a lease that networkd renews on the host port as endless and without a metric, and its prefix route, too', () => {
    const leased = { ...lease, metric: 1024 };
    const owners = {
      ...NO_OWNERS,
      networkd: {
        state: 'running' as const,
        prepared: 'released' as const,
        uplink: { setupState: 'unmanaged', networkFile: '/a.network', networkText: '', dhcp4: true, dhcp6: false },
      },
    };
    const before = { ...snapshot({ addresses: [leased], routes: [{ ...prefix, priority: 1024 }, other] }), owners };
    const kept = { ...leased, validLifetimeS: null, preferredLifetimeS: null, metric: null };
    expect(presentSnapshot(before, 1000, [kept])).toMatchObject({
      addresses: [kept],
      routes: [{ ...prefix, priority: null }, other],
    });
    expect(presentSnapshot({ ...before, owners: NO_OWNERS }, 1000, [kept]).routes).toEqual([other]);
  });

  it('keeps the routes of a lease that would have ended, but was renewed', () => {
    expect(presentSnapshot(before, 90, [{ ...lease, validLifetimeS: 3600 }]).routes).toEqual([prefix, other]);
  });
});
