import fc from 'fast-check';
import type { ApiServer } from '../../../src/domain/api-server.ts';
import type { LinkLists, LinkPattern } from '../../../src/domain/link-patterns.ts';
import type { NmDevice, OwnerFacts } from '../../../src/domain/owners.ts';
import { NO_OWNERS } from '../../../src/domain/owners.ts';
import type { MigrationRequest } from '../../../src/domain/request.ts';
import { dhclient, networkd, networkManager } from './owner-cases.ts';

const name = fc.constantFrom('eth0', 'eth1', 'bond0', 'eth0.100', '');
const method = fc.option(fc.constantFrom('auto', 'manual', 'dhcp', 'disabled', 'odd'));

const device: fc.Arbitrary<Partial<NmDevice>> = fc.record<Partial<NmDevice>>({
  name,
  managed: fc.boolean(),
  deviceType: fc.constantFrom(0, 1, 10, 11, 13, 15, 29),
  connection: fc.option(
    fc.record({
      id: fc.string({ maxLength: 8 }),
      uuid: fc.constantFrom('u-1', ''),
      type: fc.constantFrom('team', '802-3-ethernet'),
      method4: method,
      method6: method,
      external: fc.boolean(),
    }),
  ),
});

const managed = fc
  .tuple(device, fc.array(device, { maxLength: 3 }), fc.constantFrom('running' as const, 'silent' as const))
  .map(([uplink, relatives, state]) => {
    const whole = (one: Partial<NmDevice>): NmDevice => networkManager(one).networkManager?.uplink as NmDevice;
    const { networkManager: facts = NO_OWNERS.networkManager } = networkManager(uplink, relatives.map(whole));
    return { networkManager: { ...facts, state } };
  });

const underNetworkd = fc
  .record({
    setupState: fc.constantFrom('configured', 'unmanaged', 'linger', 'failed', 'odd'),
    networkFile: fc.option(fc.constant('/run/systemd/network/a.network')),
    networkText: fc.option(fc.string({ maxLength: 20 })),
    dhcp4: fc.boolean(),
    dhcp6: fc.boolean(),
  })
  .map(networkd);

const client = fc
  .record({
    program: fc.constantFrom('dhclient' as const, 'dhcpcd' as const, 'udhcpc' as const),
    argv: fc.array(fc.oneof(name, fc.constantFrom('-4', '-i', '-pf', '--')), { maxLength: 4 }),
    link: fc.option(name),
    family: fc.constantFrom(4 as const, 6 as const, null),
    unit: fc.option(fc.constant('networking.service')),
  })
  .map(overrides => dhclient(overrides).dhcpClients?.[0]);

export const randomOwners: fc.Arbitrary<OwnerFacts> = fc
  .record({
    manager: fc.oneof(managed, underNetworkd, fc.constant({})),
    dhcpClients: fc.array(client, { maxLength: 3 }).map(clients => clients.filter(one => one !== undefined)),
    teamd: fc.option(fc.nat(9)),
    configurations: fc.array(
      fc.record({
        by: fc.constantFrom('ifupdown', 'netplan', 'cloud-init', 'ifcfg', 'wicked'),
        path: fc.constantFrom('/etc/a', '/etc/b'),
        method: fc.option(fc.constantFrom('dhcp', 'static')),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ manager, ...owners }) => ({ ...NO_OWNERS, ...owners, ...manager }));

const pattern: fc.Arbitrary<LinkPattern> = fc.record({
  by: fc.constantFrom('name', 'mac', 'path', 'kind'),
  glob: fc.oneof(fc.constantFrom('*', 'eth?', ''), fc.string({ maxLength: 6 })),
});

const lists: fc.Arbitrary<LinkLists> = fc.record({
  from: fc.constant('the command line'),
  protect: fc.array(pattern, { maxLength: 3 }),
  allow: fc.option(fc.array(pattern, { maxLength: 3 })),
});

const server: fc.Arbitrary<ApiServer> = fc.record({
  host: fc.constantFrom('api.example', '10.96.0.1', '2001:db8::1'),
  port: fc.integer({ min: 1, max: 65_535 }),
  addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('10.9.0.2', 'nonsense')), { maxLength: 3 }),
  from: fc.constant('--api-server'),
});

/** What a request may hold beside the usual. */
export const randomWishes: fc.Arbitrary<Partial<MigrationRequest>> = fc.record(
  {
    links: fc.array(lists, { maxLength: 2 }),
    apiServer: server,
    guard: fc.constantFrom('process', 'none'),
    probes: fc.constantFrom(
      [],
      [{ kind: 'gateway' } as const],
      [{ kind: 'tcp', host: '10.96.0.1', port: 6443 } as const],
    ),
  },
  { requiredKeys: [] },
);
