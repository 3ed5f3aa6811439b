import { basename } from 'node:path';
import type { LinkConfiguration } from '../../../domain/owners.ts';
import { readTextFiles } from './read-text.ts';
import { hasMac, type UplinkIdentity } from './uplink-identity.ts';

/** Red Hat's, and SUSE's. */
const FOLDERS = ['/etc/sysconfig/network-scripts', '/etc/sysconfig/network'];
/** What an editor or a package leaves beside a file. */
const LEFTOVER = /~$|\.(bak|orig|old|rpmnew|rpmorig|rpmsave|template)$/;

/** The `ifcfg-*` files of the uplink, by its name or its MAC. Never rejects. */
export async function readIfcfg(uplink: UplinkIdentity, root: string): Promise<readonly LinkConfiguration[]> {
  const found: LinkConfiguration[] = [];
  for (const folder of FOLDERS) {
    for (const { path, text } of await readTextFiles(
      root,
      folder,
      name => /^ifcfg-./.test(name) && !LEFTOVER.test(name),
    )) {
      const values = parseAssignments(text);
      const name = values.get('DEVICE') ?? basename(path).slice('ifcfg-'.length);
      const mac = values.get('HWADDR');
      if (name !== uplink.name && !(mac !== undefined && hasMac(uplink, mac))) continue;
      found.push({ by: 'ifcfg', path, method: methodOf(values) });
    }
  }
  return found;
}

function methodOf(values: ReadonlyMap<string, string>): string | null {
  const protocol = values.get('BOOTPROTO')?.toLowerCase();
  // SUSE: dhcp4, dhcp6, dhcp+autoip.
  if (protocol?.includes('dhcp') === true) return 'dhcp';
  if (protocol === 'static' || [...values.keys()].some(key => /^IPADDR/.test(key))) return 'static';
  if (protocol === 'none') return 'manual';
  return protocol === undefined || protocol === '' ? null : protocol;
}

/** Lines of a shell that assign a plain value; the last one of a name counts. */
function parseAssignments(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, double, single, plain] =
      /^\s*([A-Z][A-Z0-9_]*)=(?:"([^"]*)"|'([^']*)'|([^\s#"']*))/.exec(line) ?? [];
    if (name !== undefined) values.set(name, double ?? single ?? plain ?? '');
  }
  return values;
}
