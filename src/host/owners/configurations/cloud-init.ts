import type { LinkConfiguration } from '../../../domain/owners.ts';
import { isMapping, methodsOfVersion2, parseYaml } from './netplan.ts';
import { readTextFile, readTextFiles, type TextFile } from './read-text.ts';
import { hasMac, type UplinkIdentity } from './uplink-identity.ts';

/** Where cloud-init keeps what its data source said, and seeds that are on the disk. */
const SINGLE_FILES = [
  '/etc/cloud/cloud.cfg',
  '/run/cloud-init/network-config.json',
  '/var/lib/cloud/instance/network-config.json',
  '/var/lib/cloud/seed/nocloud/network-config',
  '/var/lib/cloud/seed/nocloud-net/network-config',
];

/** What cloud-init is told of the uplink; empty where it is told to leave the network alone. Never rejects. */
export async function readCloudInit(uplink: UplinkIdentity, root: string): Promise<readonly LinkConfiguration[]> {
  if ((await readTextFile(root, '/etc/cloud/cloud-init.disabled')) !== undefined) return [];
  const files: TextFile[] = [...(await readTextFiles(root, '/etc/cloud/cloud.cfg.d', name => name.endsWith('.cfg')))];
  for (const path of SINGLE_FILES) {
    const file = await readTextFile(root, path);
    if (file !== undefined) files.push(file);
  }
  const said = files.map(({ path, text }) => {
    const document = parseYaml(text);
    const network = isMapping(document)
      ? (document['network'] ?? (isConfig(document) ? document : undefined))
      : undefined;
    return { path, network };
  });
  if (said.some(({ network }) => isMapping(network) && network['config'] === 'disabled')) return [];
  return said.flatMap(({ path, network }) =>
    methodsOf(uplink, network).map((method): LinkConfiguration => ({ by: 'cloud-init', path, method })),
  );
}

/** A network configuration without the word `network` around it. */
function isConfig(document: Readonly<Record<string, unknown>>): boolean {
  return document['version'] === 1 || document['version'] === 2;
}

function methodsOf(uplink: UplinkIdentity, network: unknown): readonly (string | null)[] {
  if (!isMapping(network)) return [];
  const { config } = network;
  if (isMapping(config)) return methodsOf(uplink, config);
  if (!Array.isArray(config)) return methodsOfVersion2(uplink, network);
  return config
    .filter(isMapping)
    .filter(link => link['name'] === uplink.name || hasMac(uplink, link['mac_address']))
    .map(({ subnets }) => methodOfSubnets(subnets));
}

/** `dhcp4`, `dhcp6`, `ipv6_dhcpv6-stateful`, `static6`, … by the word in them. */
function methodOfSubnets(subnets: unknown): string | null {
  if (!Array.isArray(subnets)) return null;
  const types = subnets.filter(isMapping).map(({ type }) => String(type));
  return ['dhcp', 'static', 'manual'].find(word => types.some(type => type.includes(word))) ?? null;
}
