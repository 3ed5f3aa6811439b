/** What a configuration may know the uplink by. */
export interface UplinkIdentity {
  readonly name: string;
  readonly mac: string | null;
  readonly permanentMac: string | null;
}

/** True where this is a MAC of the uplink, its present or its own one. */
export function hasMac(uplink: UplinkIdentity, mac: unknown): boolean {
  if (typeof mac !== 'string') return false;
  const wanted = mac.toLowerCase().replaceAll('-', ':');
  return [uplink.mac, uplink.permanentMac].some(own => own?.toLowerCase() === wanted);
}
