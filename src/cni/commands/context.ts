import type { OpenMover } from '../device-mover.ts';
import type { IpamContext } from '../ipam/ipam.ts';
import type { CniVersion } from '../version.ts';

/** What every command works with. */
export interface CommandContext extends IpamContext {
  /** The network configuration as read; its version is checked, the rest is not. */
  readonly config: unknown;
  readonly version: CniVersion;
  readonly openMover: OpenMover;
  /** The folder that /sys is below. */
  readonly root: string;
}
