import type { NetworkdMeans } from './means.ts';
import { lastValue, parseNetworkText } from './network-text.ts';
import { readLease, readLinkState } from './state-file.ts';

/**
 * By what the server knows a DHCP client beside the DUID, which is the host's. networkd makes it from names that udev gives to hardware only, so that
 * the host port would be another client and get another address (F-88). Null where it is not known, or not used.
 */
export interface ClientIdentity {
  readonly iaid4: number | null;
  readonly iaid6: number | null;
}

/** A client id of RFC 4361: type 255, IAID, DUID. */
const RFC4361 = /^ff([0-9a-f]{8})[0-9a-f]{4,}$/i;
const MAX_IAID = 0xffffffff;

/** By what the DHCP server knows the client that networkd runs on the uplink. */
export async function readClientIdentity(
  uplinkIndex: number,
  networkText: string,
  means: NetworkdMeans,
): Promise<ClientIdentity> {
  const kind = lastValue(parseNetworkText(networkText), ['DHCPv4', 'DHCP'], 'ClientIdentifier') ?? 'duid';
  const lease = await readLease(uplinkIndex, means);
  const iaid4 = kind === 'duid' ? RFC4361.exec(lease.get('CLIENTID') ?? '')?.[1] : undefined;
  const state = await readLinkState(uplinkIndex, means);
  const iaid6 = Number(state?.get('DHCP6_CLIENT_IAID') ?? Number.NaN);
  return {
    iaid4: iaid4 === undefined ? null : Number.parseInt(iaid4, 16),
    iaid6: Number.isInteger(iaid6) && iaid6 >= 0 && iaid6 <= MAX_IAID ? iaid6 : null,
  };
}

/** The identity as comment lines: it is gone from networkd's files as soon as it lets the uplink go. */
export function noteIdentity({ iaid4, iaid6 }: ClientIdentity): string {
  return `# iaid4=${iaid4 ?? ''}\n# iaid6=${iaid6 ?? ''}\n`;
}

/** What {@link noteIdentity} wrote; undefined where it did not. */
export function notedIdentity(text: string): ClientIdentity | undefined {
  const noted = /^# iaid4=(\d*)\n# iaid6=(\d*)$/m.exec(text);
  if (noted === null) return undefined;
  const [, iaid4 = '', iaid6 = ''] = noted;
  return { iaid4: iaid4 === '' ? null : Number(iaid4), iaid6: iaid6 === '' ? null : Number(iaid6) };
}
