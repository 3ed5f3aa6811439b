import { rename, writeFile } from 'node:fs/promises';
import type { LinkRef } from '../../../domain/effect.ts';
import { readSmallFile } from '../../read-small-file.ts';
import type { NetworkManagerMeans } from './means.ts';
import { NETWORK_MANAGER } from './names.ts';
import { stateFile } from './state-file.ts';

/** True where nobody has NetworkManager's name on the bus, or this host has none. Rejects with `OWNER_UNREACHABLE`, `ABORTED`. */
export async function isAbsent({ bus }: NetworkManagerMeans, signal?: AbortSignal): Promise<boolean> {
  if (typeof bus === 'string') return bus === 'absent';
  return (await bus.nameOwner(NETWORK_MANAGER.destination, undefined, signal)) === undefined;
}

/**
 * Has a NetworkManager that does not run take a device again when it starts, with its profile as it finds it: it then changes nothing. Without
 * its file there is nothing to change: it takes what it finds.
 */
export async function returnInStateFile(
  link: LinkRef,
  profile: string | null,
  means: NetworkManagerMeans,
): Promise<void> {
  const file = stateFile(link, means);
  const text = await readSmallFile(file);
  if (text === undefined) return;
  const kept = text.split('\n').filter(line => !/^(managed|connection-uuid)\s*=/.test(line.trim()));
  const heading = kept.findIndex(line => line.trim() === '[device]');
  const wanted = ['managed=true', ...(profile === null ? [] : [`connection-uuid=${profile}`])];
  kept.splice(heading + 1, 0, ...wanted);
  await writeFile(`${file}~`, kept.join('\n'), { mode: 0o644 });
  await rename(`${file}~`, file);
}
