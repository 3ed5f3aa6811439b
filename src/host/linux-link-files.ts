import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostFacts } from '../domain/host-facts.ts';
import { readSmallFile } from './read-small-file.ts';

/** Where udev looks, the first one wins: systemd.link(5). */
const FOLDERS = [
  'etc/systemd/network',
  'run/systemd/network',
  'usr/local/lib/systemd/network',
  'usr/lib/systemd/network',
  'lib/systemd/network',
];

/** A longer file is left out; a real one has less than 1 KiB. */
export const MAX_LINK_FILE_BYTES = 64 * 1024;
/** Further files, those of the lowest priority, are left out. */
export const MAX_LINK_FILES = 512;

/**
 * The `.link` files in force, in the order in which udev tries them, each with its drop-ins behind it. A file hides those of the
 * same name in folders of lower rank; an empty one, or a link to /dev/null, leaves none of them. Never rejects.
 */
export async function readLinkFiles(root: string): Promise<HostFacts['linkFiles']> {
  const files = [];
  for (const { name, path } of await listByName(root, '', '.link')) {
    if (files.length >= MAX_LINK_FILES) break;
    const text = await readSmallFile(join(root, path), MAX_LINK_FILE_BYTES);
    if (text === undefined) continue;
    const dropIns = [];
    for (const dropIn of (await listByName(root, `${name}.d`, '.conf')).slice(0, MAX_LINK_FILES)) {
      dropIns.push((await readSmallFile(join(root, dropIn.path), MAX_LINK_FILE_BYTES)) ?? '');
    }
    files.push({ path: `/${path}`, text: [text, ...dropIns].join('\n') });
  }
  return files;
}

/** Files of all folders by name, each from the folder of the highest rank; masked ones left out. */
async function listByName(
  root: string,
  below: string,
  suffix: string,
): Promise<readonly { readonly name: string; readonly path: string }[]> {
  const found = new Map<string, { readonly path: string; readonly masked: boolean }>();
  for (const folder of FOLDERS) {
    const names = await readdir(join(root, folder, below)).catch(() => []);
    for (const name of names.filter(one => one.endsWith(suffix) && !found.has(one))) {
      const path = join(folder, below, name);
      const info = await stat(join(root, path)).catch(() => undefined);
      if (info === undefined || info.isDirectory()) continue;
      found.set(name, { path, masked: !info.isFile() || info.size === 0 });
    }
  }
  return [...found]
    .filter(([, { masked }]) => !masked)
    .map(([name, { path }]) => ({ name, path }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}
