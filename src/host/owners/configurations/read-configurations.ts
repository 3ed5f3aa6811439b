import type { LinkConfiguration } from '../../../domain/owners.ts';
import { readCloudInit } from './cloud-init.ts';
import { readIfcfg } from './ifcfg.ts';
import { readIfupdown } from './ifupdown.ts';
import { readNetplan } from './netplan.ts';
import type { UplinkIdentity } from './uplink-identity.ts';
import { readWicked } from './wicked.ts';

/**
 * Configurations on disk that name the uplink: what is applied at the next boot, or when somebody asks for it. The same file and method is told once.
 * Never rejects; files that cannot be read, or are too long, say nothing.
 */
export async function readConfigurations(
  uplink: UplinkIdentity,
  means: { readonly root?: string } = {},
): Promise<readonly LinkConfiguration[]> {
  const root = means.root ?? '/';
  const all = await Promise.all(
    [readIfupdown, readNetplan, readCloudInit, readIfcfg, readWicked].map(read => read(uplink, root)),
  );
  const once = new Map(all.flat().map(one => [JSON.stringify([one.by, one.path, one.method]), one]));
  return [...once.values()];
}
