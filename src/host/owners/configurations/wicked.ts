import type { LinkConfiguration } from '../../../domain/owners.ts';
import { readTextFiles } from './read-text.ts';
import type { UplinkIdentity } from './uplink-identity.ts';

/** wicked-config(5): what it takes beside SUSE's ifcfg files. */
const FOLDERS = ['/etc/wicked/ifconfig', '/var/lib/wicked/ifconfig'];

/** wicked's own XML files that name the uplink. Never rejects. */
export async function readWicked({ name }: UplinkIdentity, root: string): Promise<readonly LinkConfiguration[]> {
  const found: LinkConfiguration[] = [];
  for (const folder of FOLDERS) {
    for (const { path, text } of await readTextFiles(root, folder, file => file.endsWith('.xml'))) {
      // One file may hold several links, each in an element of its own.
      const links = text.replace(/<!--.*?-->/gs, '').split(/<\/interface>/);
      for (const link of links) {
        const said = /<name\b[^>]*>\s*([^<\s]+)\s*<\/name>/.exec(link)?.[1];
        if (said === name) found.push({ by: 'wicked', path, method: methodOf(link) });
      }
    }
  }
  return found;
}

function methodOf(link: string): string | null {
  if (/<ipv[46]:dhcp>\s*(?!\s*<enabled>\s*false)/.test(link)) return 'dhcp';
  return /<ipv[46]:static>/.test(link) ? 'static' : null;
}
