import { join } from 'node:path';
import type { SystemBus } from '../bus/system-bus.ts';

/** What networkd is read and told with. */
export interface NetworkdMeans {
  /** Where `/run`, `/etc` and the rest are; default `/`. */
  readonly root?: string | undefined;
  /** Undefined where this host has no bus, or it does not answer. */
  readonly bus?: SystemBus | undefined;
  /** Our network namespace; default `/proc/self/ns/net`. */
  readonly netns?: string | undefined;
  /** For everything that networkd is asked in one turn; default 5000. */
  readonly limitMs?: number | undefined;
}

/** A path under the root. */
export function under(means: NetworkdMeans, path: string): string {
  return join(means.root ?? '/', path);
}
