import { basename, dirname, join } from 'node:path';
import { matchesGlob } from '../../../domain/glob.ts';
import type { LinkConfiguration } from '../../../domain/owners.ts';
import { MAX_CONFIGURATION_FILES, readTextFile, readTextFiles, type TextFile } from './read-text.ts';
import type { UplinkIdentity } from './uplink-identity.ts';

const INTERFACES = '/etc/network/interfaces';
/** `source` inside of a sourced file, and so on. */
const MAX_DEPTH = 8;

/** The `iface` stanzas of interfaces(5) for the uplink, also those of sourced files. Never rejects. */
export async function readIfupdown(uplink: UplinkIdentity, root: string): Promise<readonly LinkConfiguration[]> {
  const found: LinkConfiguration[] = [];
  const seen = new Set<string>();
  const visit = async (file: TextFile | undefined, depth: number): Promise<void> => {
    if (file === undefined || seen.has(file.path) || depth > MAX_DEPTH || seen.size >= MAX_CONFIGURATION_FILES) return;
    seen.add(file.path);
    const { path } = file;
    for (const [keyword, ...words] of linesOf(file.text)) {
      if (keyword === 'iface' && words[0] === uplink.name)
        found.push({ by: 'ifupdown', path, method: words[2] ?? null });
      if (keyword === 'source')
        for (const word of words) for (const each of await sourced(root, word)) await visit(each, depth + 1);
      if (keyword === 'source-directory') {
        for (const word of words) for (const each of await inDirectory(root, word)) await visit(each, depth + 1);
      }
    }
  };
  await visit(await readTextFile(root, INTERFACES), 0);
  return found;
}

/** Words of each line; a backslash at its end takes the next one along. */
function linesOf(text: string): readonly (readonly string[])[] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map(line => line.trim())
    .filter(line => !line.startsWith('#'))
    .map(line => line.split(/\s+/));
}

/** Files of a pattern whose last part may hold wildcards; relative ones begin at the folder of the file. */
async function sourced(root: string, pattern: string): Promise<readonly TextFile[]> {
  const absolute = pattern.startsWith('/') ? pattern : join(dirname(INTERFACES), pattern);
  const last = basename(absolute);
  return await readTextFiles(root, dirname(absolute), name => !name.startsWith('.') && matchesGlob(last, name));
}

/** ifupdown takes names of letters, digits, `_` and `-`, and since 0.8.36 those that end in `.conf`. */
async function inDirectory(root: string, word: string): Promise<readonly TextFile[]> {
  const folder = word.startsWith('/') ? word : join(dirname(INTERFACES), word);
  return await readTextFiles(root, folder, name => /^[\w-]+(\.conf)?$/.test(name));
}
