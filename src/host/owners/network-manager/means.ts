import type { LinkRef } from '../../../domain/effect.ts';
import type { SystemBus } from '../bus/system-bus.ts';

/** What NetworkManager is read and asked with. */
export interface NetworkManagerMeans {
  /** The bus, or why there is none: `absent`, or it did not answer in time. */
  readonly bus: SystemBus | 'absent' | 'silent';
  /** Where `/run`, `/etc` and the rest are; default `/`. */
  readonly root?: string | undefined;
  /** Our network namespace; default `/proc/self/ns/net`. */
  readonly netns?: string | undefined;
  /** For each answer to a reading; default {@link READ_LIMIT_MS}. */
  readonly readLimitMs?: number | undefined;
  /** For each change that is asked for, until it shows; default {@link CHANGE_LIMIT_MS}. */
  readonly changeLimitMs?: number | undefined;
}

/** A link that NetworkManager is asked about. */
export interface NmLink extends LinkRef {
  /** Lower-case hex with colons. */
  readonly mac?: string | null;
}

/** A bus that hangs may delay a start by half a second in all. */
export const READ_LIMIT_MS = 200;
/** An activation by DHCP may take that long. */
export const CHANGE_LIMIT_MS = 20_000;
