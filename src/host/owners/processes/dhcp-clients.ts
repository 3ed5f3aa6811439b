import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DHCP_PROCESS_NAMES, type DhcpArguments, parseDhcpArguments } from '../../../domain/dhcp/dhcp-arguments.ts';
import type { DhcpClient } from '../../../domain/owners.ts';
import { scanProcesses } from './scan-processes.ts';
import { findSupervisor } from './supervisor.ts';

/** Where processes and files are looked for. */
export interface ProcessMeans {
  /** Where /proc, /etc, /run, /usr and /var are; for tests. Default `/`. */
  readonly root?: string;
}

/** Where the programs keep leases that no option says: Debian's folder, then Red Hat's. */
const LEASE_FILES: Readonly<Record<DhcpClient['program'], (link: string, family: 4 | 6 | null) => readonly string[]>> =
  {
    dhclient: (_link, family) => {
      const name = family === 6 ? 'dhclient6.leases' : 'dhclient.leases';
      return [`/var/lib/dhcp/${name}`, `/var/lib/dhclient/${name}`];
    },
    dhcpcd: (link, family) => [
      `/var/lib/dhcpcd/${link}.lease${family === 6 ? '6' : ''}`,
      `/var/lib/dhcpcd5/dhcpcd-${link}.lease`,
    ],
    udhcpc: () => [],
  };

/** How {@link readDhcpClients} reads. */
export interface DhcpClientMeans extends ProcessMeans {
  /** True for those, too, that were stopped by a signal: they renew nothing until they go on. Default false. */
  readonly withStopped?: boolean;
}

/**
 * The DHCP clients of this network namespace that run as processes of their own, by pid; one entry for each link that a client names, and one without
 * a link for a client that serves all of them. Never rejects.
 */
export async function readDhcpClients(
  links: readonly { readonly index: number; readonly name: string }[],
  means: DhcpClientMeans = {},
): Promise<readonly DhcpClient[]> {
  const root = means.root ?? '/';
  const clients: DhcpClient[] = [];
  for (const { pid, argv, controlGroup, isStopped } of await scanProcesses(root, DHCP_PROCESS_NAMES)) {
    const said = parseDhcpArguments(argv);
    if (said === undefined || (isStopped && means.withStopped !== true)) continue;
    const unit = await findSupervisor(root, controlGroup);
    for (const link of linksOf(said, links)) {
      clients.push({
        program: said.program,
        pid,
        argv,
        link,
        family: said.family,
        leaseFile: said.leaseFile ?? (await findLeaseFile(root, said, link)),
        pidFile: said.pidFile,
        unit,
      });
    }
  }
  return clients;
}

/** An operand may be the value of an option that we don't know: links that there are go first. */
function linksOf({ links }: DhcpArguments, present: readonly { readonly name: string }[]): readonly (string | null)[] {
  if (links.length === 0) return [null];
  const known = [...new Set(links)].filter(name => present.some(link => link.name === name));
  return known.length > 0 ? known : [...new Set(links)];
}

async function findLeaseFile(
  root: string,
  { program, family }: DhcpArguments,
  link: string | null,
): Promise<string | null> {
  for (const path of LEASE_FILES[program](link ?? '', family)) {
    const isThere = await access(join(root, path)).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}
