import type { NetworkdFacts } from '../../../domain/owners.ts';
import { markedPaths, readMarked } from './marked-files.ts';
import type { NetworkdMeans } from './means.ts';

/** SetupStates of links that networkd leaves alone: networkctl(1). */
export const LET_GO: readonly string[] = ['unmanaged', 'linger', 'pending'];
/** `configuring`: a DHCP client may wait for its server for long. */
export const HELD: readonly string[] = ['configuring', 'configured'];

/** True for a SetupState in which networkd may change the link. */
export function isHeld(setupState: string | undefined): boolean {
  return setupState !== undefined && !LET_GO.includes(setupState);
}

/** How far a hand-over has come, by our files; one that networkd has not heard of yet does not count as a release. Never rejects. */
export async function readHandOverStage(
  uplinkIndex: number,
  isUplinkHeld: boolean,
  means: NetworkdMeans,
): Promise<NetworkdFacts['prepared']> {
  const paths = markedPaths(uplinkIndex);
  const has = async (path: string): Promise<boolean> => (await readMarked(path, means)) !== undefined;
  if (await has(paths.uplink)) return isUplinkHeld ? 'shielded' : 'released';
  return (await has(paths.hostPort)) || (await has(paths.bridge)) ? 'shielded' : 'no';
}
