import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { link } from '../precheck/hosts.ts';

/** A snapshot of eth0 with nothing on it but what is given. */
export function snapshot(overrides: Partial<Snapshot> = {}): Snapshot {
  return { link: link(), addresses: [], routes: [], rules: [], neighbours: [], sysctls: {}, ...overrides };
}
