import type { LinkRef } from '../../../domain/effect.ts';
import type { NetworkdFacts, NetworkdLink } from '../../../domain/owners.ts';
import { isHeld, readHandOverStage } from './hand-over-stage.ts';
import type { NetworkdMeans } from './means.ts';
import { readNetworkFile } from './network-file.ts';
import { dhcpFamilies } from './network-text.ts';
import { findNetworkd } from './presence.ts';
import { readLinkState } from './state-file.ts';

/**
 * What systemd-networkd has to do with a link, from the files that it keeps in `/run/systemd/netif`: these need no bus. Bounded; never
 * rejects.
 */
export async function readNetworkd(link: LinkRef, means: NetworkdMeans, signal?: AbortSignal): Promise<NetworkdFacts> {
  const state = await findNetworkd(means, signal);
  const uplink = await readLink(link, means);
  const isHeldNow = state !== 'absent' && isHeld(uplink?.setupState);
  return { state, uplink, prepared: await readHandOverStage(link.index, isHeldNow, means) };
}

async function readLink(link: LinkRef, means: NetworkdMeans): Promise<NetworkdLink | null> {
  const values = await readLinkState(link.index, means);
  const setupState = values?.get('ADMIN_STATE');
  if (values === undefined || setupState === undefined) return null;
  const networkFile = values.get('NETWORK_FILE') || null;
  const networkText = networkFile === null ? null : await readNetworkFile(networkFile, means);
  const { dhcp4, dhcp6 } = dhcpFamilies(networkText ?? '');
  return {
    setupState,
    networkFile,
    networkText,
    dhcp4: dhcp4 || values.has('DHCP_LEASE'),
    dhcp6: dhcp6 || values.has('DHCP6_CLIENT_DUID'),
  };
}
