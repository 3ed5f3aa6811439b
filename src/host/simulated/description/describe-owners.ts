import type { NetworkManagerFacts, NmDevice, OwnerFacts } from '../../../domain/owners.ts';
import { NO_OWNERS } from '../../../domain/owners.ts';
import type { OwnersDocument } from './owners-schema.ts';

/** NMDeviceType. */
const DEVICE_TYPES = { ethernet: 1, bond: 10, vlan: 11, bridge: 13, team: 15, veth: 20 } as const;
const PROFILE_TYPES = {
  ethernet: '802-3-ethernet',
  bond: 'bond',
  vlan: 'vlan',
  bridge: 'bridge',
  team: 'team',
  veth: 'veth',
} as const;
/** The first pid of a described process. */
const FIRST_PID = 400;

/** Who manages the uplink, as the engine is told. */
export function describeOwners(owners: OwnersDocument, uplink: string): OwnerFacts {
  const { networkd } = owners;
  return {
    ...NO_OWNERS,
    networkManager: describeNetworkManager(owners.networkManager, uplink),
    networkd:
      networkd === undefined
        ? NO_OWNERS.networkd
        : {
            state: networkd.state,
            prepared: 'no',
            uplink: {
              setupState: networkd.setupState,
              networkFile: networkd.networkFile,
              networkText: networkd.networkText,
              dhcp4: networkd.dhcp4,
              dhcp6: networkd.dhcp6,
            },
          },
    dhcpClients: owners.dhcpClients.map((client, at) => ({
      ...client,
      pid: FIRST_PID + at,
      argv: [client.program, ...(client.link === null ? [] : [client.link])],
      leaseFile: null,
      pidFile: null,
    })),
    teamd: owners.teamd ?? null,
    configurations: owners.configurations,
    dns: owners.dns ?? null,
  };
}

function describeNetworkManager(said: OwnersDocument['networkManager'], uplink: string): NetworkManagerFacts {
  if (said === undefined) return NO_OWNERS.networkManager;
  const device = (name: string, type: keyof typeof DEVICE_TYPES, managed: boolean): NmDevice => ({
    name,
    managed,
    state: managed ? 100 : 10,
    reason: 0,
    deviceType: DEVICE_TYPES[type],
    connection: null,
  });
  const { type, managed, profile: id, method4, method6 } = said;
  const connection = {
    id,
    uuid: '5a7c0f4e-0000-4000-8000-000000000001',
    type: PROFILE_TYPES[type],
    method4,
    method6,
    external: false,
  };
  return {
    state: said.state,
    prepared: managed ? 'no' : 'released',
    version: said.version,
    uplink: { ...device(uplink, type, managed), connection: managed ? connection : null },
    relatives: said.relatives.map(relative => device(relative.name, relative.type, relative.managed)),
  };
}
