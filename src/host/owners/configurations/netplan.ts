import { parse } from 'yaml';
import { matchesGlob } from '../../../domain/glob.ts';
import type { LinkConfiguration } from '../../../domain/owners.ts';
import { readTextFiles, type TextFile } from './read-text.ts';
import { hasMac, type UplinkIdentity } from './uplink-identity.ts';

/** A file hides those of the same name in later folders: netplan(5). */
const FOLDERS = ['/run/netplan', '/etc/netplan', '/lib/netplan', '/usr/lib/netplan'];
/** Sections whose entries are links. */
const SECTIONS = ['ethernets', 'bonds', 'bridges', 'vlans', 'wifis', 'dummy-devices', 'modems', 'tunnels', 'vrfs'];

type Mapping = Readonly<Record<string, unknown>>;

/** The files of netplan that mean the uplink, by its name, `match` or `set-name`. Never rejects. */
export async function readNetplan(uplink: UplinkIdentity, root: string): Promise<readonly LinkConfiguration[]> {
  const files = new Map<string, TextFile>();
  for (const folder of FOLDERS) {
    for (const file of await readTextFiles(root, folder, name => name.endsWith('.yaml'))) {
      const name = file.path.slice(file.path.lastIndexOf('/') + 1);
      if (!files.has(name)) files.set(name, file);
    }
  }
  const inOrder = [...files].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([, file]) => file);
  const said = inOrder.map(({ path, text }) => ({ path, network: networkOf(parseYaml(text)) }));
  // A later file adds to what an earlier one says of the same link.
  const whole = new Map<string, Mapping>();
  for (const { network } of said) {
    for (const [id, entry] of entriesOf(network)) whole.set(id, { ...whole.get(id), ...entry });
  }
  return said.flatMap(({ path, network }) =>
    entriesOf(network)
      .filter(([id]) => meansUplink(uplink, id, whole.get(id) ?? {}))
      .map(([, entry]): LinkConfiguration => ({ by: 'netplan', path, method: methodOf(entry) })),
  );
}

/** Methods that a configuration of version 2 gives the uplink: netplan's format, which cloud-init takes, too. */
export function methodsOfVersion2(uplink: UplinkIdentity, network: Mapping): readonly (string | null)[] {
  return entriesOf(network)
    .filter(([id, entry]) => meansUplink(uplink, id, entry))
    .map(([, entry]) => methodOf(entry));
}

/** What YAML says; undefined where it is none. JSON is YAML, too. */
export function parseYaml(text: string): unknown {
  try {
    return parse(text, { logLevel: 'silent', maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

/** True for what is not a list and not a plain value. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function networkOf(document: unknown): Mapping {
  const network = isMapping(document) ? document['network'] : undefined;
  return isMapping(network) ? network : {};
}

function entriesOf(network: Mapping): readonly (readonly [string, Mapping])[] {
  return SECTIONS.flatMap(section => {
    const links = network[section];
    return isMapping(links)
      ? Object.entries(links).filter((pair): pair is [string, Mapping] => isMapping(pair[1]))
      : [];
  });
}

/** Every property of `match` must fit; a driver is not known here, and never fits alone. */
function meansUplink(uplink: UplinkIdentity, id: string, entry: Mapping): boolean {
  if (entry['set-name'] === uplink.name) return true;
  const match = entry['match'];
  if (!isMapping(match)) return id === uplink.name;
  const { name, macaddress } = match;
  if (name === undefined && macaddress === undefined) return false;
  return (
    (name === undefined || (typeof name === 'string' && matchesGlob(name, uplink.name))) &&
    (macaddress === undefined || hasMac(uplink, macaddress))
  );
}

function methodOf(entry: Mapping): string | null {
  const { dhcp4, dhcp6, addresses } = entry;
  if (isYes(dhcp4) || isYes(dhcp6)) return 'dhcp';
  if (Array.isArray(addresses) && addresses.length > 0) return 'static';
  return dhcp4 === undefined && dhcp6 === undefined && addresses === undefined ? null : 'manual';
}

/** netplan takes YAML 1.1's words for true. */
function isYes(value: unknown): boolean {
  return value === true || (typeof value === 'string' && /^(yes|true|on|y)$/i.test(value));
}
