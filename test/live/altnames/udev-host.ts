import type { Lab } from '../../lab/lab.ts';
import { type LabUdev, startUdev } from '../../lab/udev.ts';

/** A link as `ip -d -j link show` tells. */
export interface ShownLink {
  readonly ifindex: number;
  readonly address: string;
  readonly altnames?: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string };
}

/** How udev names `eth0`. */
export interface Naming {
  /** Lines of [Match]. */
  readonly match: string;
  /** Lines of [Link]. */
  readonly link: string;
  /** File name; default `10-lab.link`. */
  readonly file?: string;
  readonly delaysMs?: readonly number[];
}

/** Of one link; rejects where there is none. */
export async function showLink(lab: Lab, name: string): Promise<ShownLink> {
  const [shown] = JSON.parse(await lab.hostIp('-d', '-j', 'link', 'show', name)) as ShownLink[];
  if (shown === undefined) throw new Error(`no link ${name}`);
  return shown;
}

/** Altnames of one link, sorted. */
export async function altnamesOf(lab: Lab, name: string): Promise<string[]> {
  return ((await showLink(lab, name)).altnames ?? []).toSorted();
}

/**
 * Starts udev on the lab's host with one `.link` file; `<mac>` in it stands for the address of `eth0`. The policy `path` makes the name `eth0`: a veth has
 * no hardware of which udev could make one.
 */
export async function startNaming(
  lab: Lab,
  { match, link, file = '10-lab.link', delaysMs = [] }: Naming,
): Promise<LabUdev> {
  const { address, ifindex } = await showLink(lab, 'eth0');
  // Its own once more: a veth's is random, and udev would choose another; one that somebody has set is like that of hardware.
  await lab.hostIp('link', 'set', 'eth0', 'address', address);
  return await startUdev(lab, {
    linkFiles: { [file]: `[Match]\n${match}[Link]\n${link}`.replaceAll('<mac>', address) },
    rules: { '76-lab.rules': `SUBSYSTEM=="net", ATTR{ifindex}=="${ifindex}", ENV{ID_NET_NAME_PATH}="eth0"\n` },
    delaysMs,
  });
}

/** The lab, with what runs on its host in the mount namespace of udev: it sees what udev has written down, as on any host. */
export function seenBy(lab: Lab, { within }: LabUdev): Lab {
  return { ...lab, spawn: (netns, argv, options) => lab.spawn(netns, [...within, ...argv], options) };
}

/** A kernel event in which the renamed uplink has its old name as altname. */
export function isReturned(line: string): boolean {
  return line.includes('eth0~') && /altname eth0(\s|\\|$)/.test(line);
}
