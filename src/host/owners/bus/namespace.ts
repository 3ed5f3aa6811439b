import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DAEMON } from './calls.ts';
import type { SystemBus } from './system-bus.ts';
import { toNumber } from './values.ts';

/** Which namespace is ours, and where /proc is. */
export interface NamespaceMeans {
  readonly root?: string | undefined;
  /** Our network namespace; default `/proc/self/ns/net`. */
  readonly netns?: string | undefined;
}

/**
 * Whether the process behind a unique name lives in our network namespace: the bus reaches farther than that, and a link of the same name
 * elsewhere is another link. `unknown` where /proc does not show it (another pid namespace).
 */
export async function compareNamespace(
  owner: string,
  bus: SystemBus,
  means: NamespaceMeans,
  limitMs: number,
  signal?: AbortSignal,
): Promise<'same' | 'other' | 'unknown'> {
  const request = { ...DAEMON, member: 'GetConnectionUnixProcessID', signature: 's', body: [owner] };
  const pid = toNumber((await bus.call(request, limitMs, signal))[0], owner);
  try {
    const [theirs, ours] = await Promise.all([
      readlink(join(means.root ?? '/', 'proc', String(pid), 'ns', 'net')),
      means.netns ?? readlink('/proc/self/ns/net'),
    ]);
    return theirs === ours ? 'same' : 'other';
  } catch {
    return 'unknown';
  }
}
