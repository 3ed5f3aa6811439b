import type { DhcpClient } from '../owners.ts';
import { parseDhcpArguments } from './dhcp-arguments.ts';

/** Why a client cannot go on with another link. */
export interface DhcpRefusal {
  readonly reason: /** dhcpcd follows the ifindex, and its arguments are not to be had. */
    | 'follows-the-index'
    /** A client of DHCPv6 listens on the ifindex that it began with. */
    | 'family-6'
    /** It serves every link, also the uplink. */
    | 'serves-every-link'
    /** Others would be without it meanwhile. */
    | 'serves-several-links'
    /** Its script takes all addresses off a link before the first lease. */
    | 'script-clears-the-link'
    /** Somebody else starts it again, with the link that it had. */
    | 'supervised'
    /** It runs in a container: its files and its program are not ours. */
    | 'other-root'
    /** No server answered the client that was tried in its place; the one before goes on. */
    | 'no-answer';
  /** The same for people. */
  readonly text: string;
}

/**
 * Null where the client's lease is safe on the host port: it goes on by itself, because it knows its link by a name that moves along (dhclient and udhcpc,
 * measured), or it can be started again for another name without the lease being released. Pure.
 */
export function refuseDhcpHandOver(client: DhcpClient, uplink: string, hostPort: string | null): DhcpRefusal | null {
  const { program, pid, unit } = client;
  const who = `${program} (pid ${pid})`;
  if (hostPort === null || (client.link !== null && client.link !== uplink)) return null;
  if (program === 'dhcpcd') {
    const text = `${who} holds on to the uplink's ifindex: it puts the address back there, and ends when the name comes back`;
    return { reason: 'follows-the-index', text };
  }
  if (client.family === 6) {
    return {
      reason: 'family-6',
      text: `${who} hears the server's answers on the uplink only: the lease would run out`,
    };
  }
  if (hostPort === uplink) return null;
  if (client.link === null) {
    return {
      reason: 'serves-every-link',
      text: `${who} serves every link, and would put the address back on ${uplink}`,
    };
  }
  if (program === 'udhcpc') {
    const text = `${who} would have to be started again, and its script takes all addresses off ${hostPort} then`;
    return { reason: 'script-clears-the-link', text };
  }
  if (namesOthers(client)) {
    return { reason: 'serves-several-links', text: `${who} serves other links, too: ${client.argv.join(' ')}` };
  }
  if (unit !== null) {
    return { reason: 'supervised', text: `${who} would be started again for ${uplink} by ${unit}` };
  }
  return null;
}

/** Null where a client can be started for a link that has its addresses already, without harm to them. Pure. */
export function refuseDhcpStart({ program, family, pid }: DhcpClient): DhcpRefusal | null {
  if (program === 'dhclient' && family === 4) return null;
  const text = `${program} (pid ${pid}) has ended, and would take the addresses off its link if it were started again`;
  return { reason: 'script-clears-the-link', text };
}

function namesOthers({ argv, link }: DhcpClient): boolean {
  return parseDhcpArguments(argv)?.links.some(name => name !== link) ?? true;
}
