import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** A longer file is left alone: the client asks the server anew then, which knows it by its MAC or client identifier. */
const MAX_LEASE_BYTES = 4 * 1024 * 1024;

/** A lease of dhclient.leases(5). */
export interface DhclientLease {
  /** The whole declaration, `lease { … }`. */
  readonly text: string;
  readonly link: string;
  readonly address: string | null;
  /** In ms since 1970; null for a lease that never ends. */
  readonly expiresAtMs: number | null;
}

/** The leases in the file, oldest first; the last one of a link counts. Empty where it cannot be read; never rejects. */
export async function readDhclientLeases(path: string): Promise<readonly DhclientLease[]> {
  return parseDhclientLeases((await readText(path)) ?? '');
}

/** Parses the file: declarations are written with the closing brace on a line of its own. */
export function parseDhclientLeases(text: string): readonly DhclientLease[] {
  return [...text.matchAll(/^lease \{\n(?:[^}].*\n)*\}\n?/gm)].flatMap(([lease]) => {
    const link = /^\s*interface "([^"]*)";$/m.exec(lease)?.[1];
    if (link === undefined) return [];
    const address = /^\s*fixed-address ([0-9.]+);$/m.exec(lease)?.[1] ?? null;
    return [{ text: lease, link, address, expiresAtMs: parseExpiry(lease) }];
  });
}

/**
 * Gives the newest lease of one link to another, so that a client started for that one asks for the same address at once (INIT-REBOOT, RFC 2131 §3.2).
 * To be called while no client uses the file. Resolves with false where there is no such lease.
 */
export async function copyDhclientLease(path: string, from: string, to: string): Promise<boolean> {
  const text = await readText(path);
  const lease = parseDhclientLeases(text ?? '').findLast(one => one.link === from);
  if (text === undefined || lease === undefined) return false;
  const copy = lease.text.replace(/^(\s*interface ")[^"]*(";)$/m, (_, head: string, tail: string) => head + to + tail);
  // A client that was killed while it wrote may have left half a line.
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  await using file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  await file.appendFile(`${gap}${copy}${copy.endsWith('\n') ? '' : '\n'}`);
  await file.datasync();
  return true;
}

/** `expire 6 2026/11/21 22:00:00;` in UTC, `expire epoch 1795298400; # …`, or `expire never;`. */
function parseExpiry(lease: string): number | null {
  const epoch = /^\s*expire epoch (\d+);/m.exec(lease)?.[1];
  if (epoch !== undefined) return Number(epoch) * 1000;
  const date = /^\s*expire \d (\d+)\/(\d+)\/(\d+) (\d+):(\d+):(\d+);/m.exec(lease);
  if (date === null) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = date.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { size } = await file.stat();
    return size > MAX_LEASE_BYTES ? undefined : await file.readFile('utf8');
  } catch {
    return undefined;
  }
}
