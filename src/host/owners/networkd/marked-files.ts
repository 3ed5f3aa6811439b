import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { toFailure, uplinkError } from '../../../errors.ts';
import { readSmallFile } from '../../read-small-file.ts';
import type { NetworkdMeans } from './means.ts';
import { under } from './means.ts';

/** The first line of every file of ours. */
export const MARK_LINE = '# Written by ovs-uplink, which removes it again. Nothing of this outlives a boot.';

/** networkd reads them as a user of its own. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
const FOLDER = 'run/systemd/network';

/** Our files for one migration, in `/run`: a boot begins without them. */
export interface MarkedPaths {
  readonly hostPort: string;
  /** For the bridge's own port, where that is not the host port. */
  readonly bridge: string;
  readonly uplink: string;
}

/**
 * Paths by the uplink's ifindex, which it keeps until the next boot, whatever it is called. The uplink's sorts last: names overlap, and the first file
 * that matches counts.
 */
export function markedPaths(uplinkIndex: number): MarkedPaths {
  const path = (which: string): string => `${FOLDER}/00-ovs-uplink-${uplinkIndex}-${which}.network`;
  return { hostPort: path('1-host-port'), bridge: path('2-bridge'), uplink: path('3-uplink') };
}

/** Path of our drop-in for a .network file. */
export function dropInPath(networkFile: string): string {
  return `${FOLDER}/${basename(networkFile)}.d/99-ovs-uplink.conf`;
}

/** Text of a file that carries our mark; undefined for none, or somebody else's. */
export async function readMarked(path: string, means: NetworkdMeans): Promise<string | undefined> {
  const text = await readSmallFile(under(means, path));
  return text?.startsWith(MARK_LINE) === true ? text : undefined;
}

/**
 * Writes a file at once in full; false when it says that already. Rejects with `OWNER_REFUSED` where somebody else's file is in its
 * place, or it cannot be written.
 */
export async function writeMarked(path: string, lines: string, means: NetworkdMeans): Promise<boolean> {
  const full = under(means, path);
  const text = `${MARK_LINE}\n${lines}`;
  const present = await readSmallFile(full);
  if (present === text) return false;
  if (present !== undefined && !present.startsWith(MARK_LINE)) {
    throw uplinkError('OWNER_REFUSED', {
      what: 'a file of somebody else is where ours has to be',
      object: full,
      advice: 'move it away',
    });
  }
  try {
    await makeFolder(dirname(full));
    const temporary = `${full}.new`;
    await rm(temporary, { force: true });
    await using file = await open(temporary, 'wx', FILE_MODE);
    await file.chmod(FILE_MODE); // whatever the umask took away
    await file.writeFile(text);
    await rename(temporary, full);
  } catch (error) {
    const { what, got = what } = toFailure(error);
    throw uplinkError('OWNER_REFUSED', { what: 'cannot write a file for systemd-networkd', object: full, got }, error);
  }
  return true;
}

/** Removes a file if it is ours; true when there was one. */
export async function removeMarked(path: string, means: NetworkdMeans): Promise<boolean> {
  if ((await readMarked(path, means)) === undefined) return false;
  await rm(under(means, path), { force: true });
  return true;
}

async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await chmod(folder, FOLDER_MODE);
}
