import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { readSmallFile } from '../../read-small-file.ts';
import type { NetworkdMeans } from './means.ts';
import { under } from './means.ts';

/** Where drop-ins are looked for; the first with a name wins. systemd.network(5). */
const FOLDERS = ['etc', 'run', 'usr/local/lib', 'usr/lib', 'lib'];
const MAX_DROP_INS = 64;

/** Text of a .network file with its drop-ins after it, in their order; null where the file cannot be read. */
export async function readNetworkFile(path: string, means: NetworkdMeans): Promise<string | null> {
  const text = await readSmallFile(under(means, path));
  if (text === undefined) return null;
  const texts = [text];
  for (const dropIn of await listDropIns(basename(path), means)) texts.push((await readSmallFile(dropIn)) ?? '');
  return texts.map(one => (one.endsWith('\n') || one === '' ? one : `${one}\n`)).join('');
}

/** Drop-ins are sorted by their own names, whichever folder they are in. */
async function listDropIns(name: string, means: NetworkdMeans): Promise<readonly string[]> {
  const found = new Map<string, string>();
  for (const folder of FOLDERS) {
    const path = under(means, `${folder}/systemd/network/${name}.d`);
    for (const file of await readdir(path).catch(() => [])) {
      if (file.endsWith('.conf') && !found.has(file)) found.set(file, `${path}/${file}`);
    }
  }
  return [...found.keys()]
    .sort()
    .slice(0, MAX_DROP_INS)
    .map(file => found.get(file) ?? '');
}
