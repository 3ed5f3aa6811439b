import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseOptions } from '../../../domain/dhcp/options.ts';
import type { ProcessMeans } from './dhcp-clients.ts';
import { scanProcesses } from './scan-processes.ts';

/** teamd(8). */
const TEAMD = {
  withValue: 'fctpzZ',
  long: { 'config-file': 'f', config: 'c', 'team-dev': 't', 'pid-file': 'p' },
} as const;

/** A configuration that is longer is not read. */
const MAX_CONFIG_BYTES = 64 * 1024;

/** Pid of the teamd that runs one of these links: the uplink, or the team that it is a port of. Null for none; never rejects. */
export async function readTeamd(
  uplink: string,
  relatives: readonly string[],
  means: ProcessMeans = {},
): Promise<number | null> {
  const root = means.root ?? '/';
  const wanted = new Set([uplink, ...relatives]);
  for (const { pid, argv } of await scanProcesses(root, new Set(['teamd']))) {
    if (basename(argv[0] ?? '') !== 'teamd') continue;
    const { values } = parseOptions(argv.slice(1), TEAMD);
    // It kills the teamd that runs (-k), or asks whether there is one (-e), and ends.
    if (values.has('k') || values.has('e')) continue;
    const device = values.get('t') ?? deviceOf(values.get('c') ?? (await readConfig(root, values.get('f'))));
    if (device !== undefined && wanted.has(device)) return pid;
  }
  return null;
}

/** `device` of teamd.conf(5), which is JSON. */
function deviceOf(config: string | undefined): string | undefined {
  try {
    const said: unknown = JSON.parse(config ?? '');
    const device = typeof said === 'object' && said !== null && 'device' in said ? said.device : undefined;
    return typeof device === 'string' ? device : undefined;
  } catch {
    return undefined;
  }
}

async function readConfig(root: string, path: string | undefined): Promise<string | undefined> {
  // A relative one is relative to where it was started: unknown.
  if (!path?.startsWith('/')) return undefined;
  try {
    await using file = await open(join(root, path), 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_CONFIG_BYTES), 0, MAX_CONFIG_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return undefined;
  }
}
