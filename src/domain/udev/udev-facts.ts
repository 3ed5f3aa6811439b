/** What udev says of the uplink, and which one it is; plain JSON. */
export interface UdevFacts {
  /**
   * What udev has written down of the link that had the uplink's ifindex in the namespace in which udev works (`ID_NET_NAME_PATH`,
   * `ID_NET_LINK_FILE`, …); null where it has nothing, or where that cannot be read from here. Ask {@link udevPropertiesOf} whether it is this
   * very link.
   */
  readonly properties: Readonly<Record<string, string>> | null;
  /** Major version of systemd; null where it is not to be found without running a program. */
  readonly version: number | null;
  /** A udevd has its control socket here. */
  readonly isRunning: boolean;
}

/** A host of which udev knows nothing. */
export const NO_UDEV: UdevFacts = { properties: null, version: null, isRunning: false };

/** The first version that gives altnames only at the uevent `add`, and no longer at the `move` of each rename (systemd#27655, F-04). */
export const FIRST_QUIET_VERSION = 254;

interface KnownLink {
  readonly name: string;
  readonly altnames: readonly string[];
  readonly mac: string | null;
  readonly permanentMac: string | null;
}

/**
 * Udev's properties of this link; null where there are none, or where they are of another link: an ifindex is counted in each namespace anew,
 * and `/run/udev` is the same in all of them.
 */
export function udevPropertiesOf(
  { properties }: UdevFacts,
  { name, altnames, mac, permanentMac }: KnownLink,
): UdevFacts['properties'] {
  if (properties === null) return null;
  const { ID_NET_NAME: given, ID_NET_NAME_MAC: byMac } = properties;
  const bare = (permanentMac ?? mac)?.replaceAll(':', '');
  if (byMac !== undefined) return bare !== undefined && byMac.endsWith(bare) ? properties : null;
  return given !== undefined && (given === name || altnames.includes(given)) ? properties : null;
}
