import { readSmallFile } from '../../read-small-file.ts';
import type { NetworkdMeans } from './means.ts';
import { under } from './means.ts';

/** Where networkd writes down what it knows of links. */
export const NETIF = 'run/systemd/netif';

/** State files of networkd: `KEY=value` lines, values in quotes where they have blanks. */
export function parseStateFile(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals <= 0 || line.startsWith('#')) continue;
    values.set(line.slice(0, equals), line.slice(equals + 1).replace(/^(["'])(.*)\1$/, '$2'));
  }
  return values;
}

/** What networkd wrote of a link; undefined where it wrote nothing. */
export async function readLinkState(
  index: number,
  means: NetworkdMeans,
): Promise<ReadonlyMap<string, string> | undefined> {
  const text = await readSmallFile(under(means, `${NETIF}/links/${index}`));
  return text === undefined ? undefined : parseStateFile(text);
}

/** The DHCPv4 lease of a link; empty where there is none. */
export async function readLease(index: number, means: NetworkdMeans): Promise<ReadonlyMap<string, string>> {
  return parseStateFile((await readSmallFile(under(means, `${NETIF}/leases/${index}`))) ?? '');
}
