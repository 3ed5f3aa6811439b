import { isDeepStrictEqual } from 'node:util';
import type { Lab } from '../../../test/lab/lab.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { loadHost } from '../../host/simulated/description/load-host.ts';
import { readShippedHosts } from '../../verify/explore/shipped-hosts.ts';

/** How the lab becomes a described host. */
export interface LabHost {
  configure(lab: Lab): Promise<void>;
  /** Addresses of the host that its gateway asks. */
  readonly asked: readonly string[];
}

/** The lab's way to a host, or why there is none. */
export async function findLabHost(host: HostDescription): Promise<LabHost | { readonly reason: string }> {
  const { configurePlainHost, configureRichHost, PLAIN_HOST, RICH_HOST } = await import(
    '../../../test/lab/rich-host.ts'
  );
  const hosts: Readonly<Record<string, LabHost>> = {
    plain: { configure: configurePlainHost, asked: [PLAIN_HOST.ipv4, PLAIN_HOST.ipv6] },
    rich: { configure: configureRichHost, asked: [RICH_HOST.ipv4, RICH_HOST.ipv6] },
  };
  const found = hosts[host.name];
  if (found === undefined) {
    return { reason: `the lab has the hosts ${Object.keys(hosts).join(' and ')}, not ${host.name}` };
  }
  // A description of one's own may bear the name of ours.
  const shipped = (await readShippedHosts()).find(({ file }) => file.endsWith(`/${host.name}.yaml`));
  if (shipped === undefined || !isDeepStrictEqual(loadHost(shipped.text, shipped.file), host)) {
    return { reason: `its host ${host.name} is not the one in fixtures/hosts` };
  }
  return {
    ...found,
    async configure(lab) {
      await takeMac(lab, host);
      await found.configure(lab);
    },
  };
}

/** Gives the uplink the address that the description says: a bridge is made from it. The link-local address follows it. */
async function takeMac(lab: Lab, { kernel, uplink }: HostDescription): Promise<void> {
  const { raiseLink } = await import('../../../test/lab/topology.ts');
  const mac = kernel.links.find(link => link.name === uplink)?.mac;
  if (mac == null) return;
  await lab.hostIp('link', 'set', uplink, 'down', 'address', mac);
  await raiseLink(lab.hostNs, uplink);
}
