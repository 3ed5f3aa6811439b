import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NmConnection, NmDevice } from '../../../domain/owners.ts';
import { readSmallFile } from '../../read-small-file.ts';
import { parseKeyfile, profileType } from './keyfile.ts';
import type { NetworkManagerMeans, NmLink } from './means.ts';
import { DEVICE_STATE } from './names.ts';

/** Where profiles are, the one that wins first: NetworkManager.conf(5). */
const PROFILE_DIRECTORIES = [
  'etc/NetworkManager/system-connections',
  'run/NetworkManager/system-connections',
  'usr/lib/NetworkManager/system-connections',
];
const MAX_PROFILES = 1000;
/** NMDeviceType by a profile's type; 0 is unknown. */
const DEVICE_TYPES: ReadonlyMap<string, number> = new Map([
  ['802-3-ethernet', 1],
  ['bond', 10],
  ['vlan', 11],
  ['bridge', 13],
  ['team', 15],
]);

/**
 * A device as NetworkManager left it in `/run/NetworkManager/devices/<ifindex>`: it reads that file when it starts again. Undefined where there
 * is none. Bounded; never rejects.
 */
export async function readStateFile(link: NmLink, means: NetworkManagerMeans): Promise<NmDevice | undefined> {
  const root = means.root ?? '/';
  const text = await readSmallFile(stateFile(link, means));
  const device = text === undefined ? undefined : parseKeyfile(text).get('device');
  if (device === undefined) return undefined;
  const managed = device.get('managed') === 'true';
  const uuid = device.get('connection-uuid');
  const profile = managed && uuid !== undefined ? await readProfile(uuid, root) : null;
  // A bond or team has taken the address of its first port since: its profile is for that name alone.
  if (!isOf(device, link) && profile?.interfaceName !== link.name) return undefined;
  const connection = profile?.connection ?? null;
  const rest = connection === null ? DEVICE_STATE.disconnected : DEVICE_STATE.activated;
  return {
    name: link.name,
    managed,
    state: managed ? rest : DEVICE_STATE.unmanaged,
    reason: 0,
    deviceType: DEVICE_TYPES.get(connection?.type ?? '') ?? 0,
    connection,
  };
}

/** Where NetworkManager keeps what it knows of a device, for its own next start; gone with the boot. */
export function stateFile(link: NmLink, means: NetworkManagerMeans): string {
  return join(means.root ?? '/', 'run/NetworkManager/devices', String(link.index));
}

/** False where the file tells another address: an index is given again, and another namespace has the same ones. */
function isOf(device: ReadonlyMap<string, string>, link: NmLink): boolean {
  const mac = device.get('perm-hw-addr-fake');
  return mac === undefined || link.mac == null || mac.toLowerCase() === link.mac;
}

interface Profile {
  readonly connection: NmConnection;
  /** The one name of a link that it is for. */
  readonly interfaceName: string | null;
}

/** The profile with that uuid; where no file has it (a plugin keeps it elsewhere), what is known without. */
async function readProfile(uuid: string, root: string): Promise<Profile> {
  for (const directory of PROFILE_DIRECTORIES) {
    const names = await readdir(join(root, directory)).catch((): string[] => []);
    for (const name of names.filter(each => !each.startsWith('.')).slice(0, MAX_PROFILES)) {
      const sections = parseKeyfile((await readSmallFile(join(root, directory, name))) ?? '');
      const connection = sections.get('connection');
      if (connection?.get('uuid') !== uuid) continue;
      return {
        interfaceName: connection.get('interface-name') ?? null,
        connection: {
          id: connection.get('id') ?? name,
          uuid,
          type: profileType(connection.get('type') ?? ''),
          method4: sections.get('ipv4')?.get('method') ?? null,
          method6: sections.get('ipv6')?.get('method') ?? null,
          external: sections.get('.nmmeta')?.get('external') === 'true',
        },
      };
    }
  }
  return {
    interfaceName: null,
    connection: { id: uuid, uuid, type: '', method4: null, method6: null, external: false },
  };
}
