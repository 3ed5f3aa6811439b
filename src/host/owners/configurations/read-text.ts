import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSmallFile } from '../../read-small-file.ts';

/** A longer file is not read; real ones have a few KiB. */
export const MAX_CONFIGURATION_BYTES = 64 * 1024;
/** Of one folder; further ones are left out. */
export const MAX_CONFIGURATION_FILES = 64;

/** A file that may say something of the uplink. */
export interface TextFile {
  /** As the host sees it: `/etc/netplan/50-cloud-init.yaml`. */
  readonly path: string;
  readonly text: string;
}

/** Text of a regular file; undefined where it cannot be read. */
export async function readTextFile(root: string, path: string): Promise<TextFile | undefined> {
  const text = await readSmallFile(join(root, path), MAX_CONFIGURATION_BYTES);
  return text === undefined ? undefined : { path, text };
}

/** The files of a folder whose name is accepted, in the order of their names (bytes, as `ls` in the C locale); empty where there is none. */
export async function readTextFiles(
  root: string,
  folder: string,
  accepts: (name: string) => boolean,
): Promise<readonly TextFile[]> {
  const names = await readdir(join(root, folder)).catch(() => []);
  const chosen = names.filter(accepts).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const files: TextFile[] = [];
  for (const name of chosen.slice(0, MAX_CONFIGURATION_FILES)) {
    const file = await readTextFile(root, join(folder, name));
    if (file !== undefined) files.push(file);
  }
  return files;
}
