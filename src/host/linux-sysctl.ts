import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinkSysctls } from '../domain/snapshot.ts';
import { uplinkError } from '../errors.ts';

const ROOT = '/proc/sys/net';
const FAMILIES = ['ipv4', 'ipv6'];
const GROUPS = ['conf', 'neigh'];

/** A link name is one path component: the kernel refuses `/`, `.` and `..`, and so do we. */
function folderOf(family: string, group: string, linkName: string): string {
  if (linkName === '' || linkName === '.' || linkName === '..' || linkName.includes('/')) {
    throw uplinkError('USAGE', { what: 'not a link name', object: linkName });
  }
  return join(ROOT, family, group, linkName);
}

/** Reads every per-link sysctl that has a value; of the namespace that this process is in. A link without IPv6 has no IPv6 ones. */
export async function readLinkSysctls(linkName: string): Promise<LinkSysctls> {
  const values: Record<string, string> = {};
  for (const family of FAMILIES) {
    for (const group of GROUPS) {
      const folder = folderOf(family, group, linkName);
      const names = await readdir(folder).catch(() => []);
      const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8').catch(() => undefined)));
      for (const [index, text] of texts.entries()) {
        // Write-only ones, and stable_secret while it is not set (EIO).
        if (text !== undefined) values[`${family}/${group}/{link}/${names[index]}`] = text.trim();
      }
    }
  }
  return values;
}

/** Writes one per-link sysctl. Errors: `NETLINK_REFUSED` with the errno of the write. */
export async function writeLinkSysctl(linkName: string, key: string, value: string): Promise<void> {
  const [family = '', group = '', , name = ''] = key.split('/');
  const isKnown = FAMILIES.includes(family) && GROUPS.includes(group) && /^[a-z0-9_]+$/.test(name);
  if (!isKnown) throw uplinkError('DEFECT', { what: 'not a per-link sysctl', object: key });
  const path = join(folderOf(family, group, linkName), name);
  try {
    await writeFile(path, value);
  } catch (error) {
    const { errno, code } = error as NodeJS.ErrnoException;
    throw uplinkError(
      'NETLINK_REFUSED',
      {
        what: 'cannot write sysctl',
        object: path,
        expected: value,
        ...(errno === undefined ? {} : { errno: -errno }),
        ...(code === undefined ? {} : { errnoName: code }),
      },
      error,
    );
  }
}
