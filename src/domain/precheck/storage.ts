import type { HostFacts } from '../../domain/host-facts.ts';
import type { Address } from '../address.ts';
import type { Finding } from '../finding.ts';
import { parseIp } from '../prefix.ts';
import { isDefault, RT_TABLE_MAIN, usesLink } from '../route.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { finding } from './finding-codes.ts';
import { wayTo } from './route-lookup.ts';

/** Rules about file systems that come over the uplink (F-107). */
export const STORAGE_RULES: readonly UplinkRule[] = [checkMounts];

/** Where a stall stops the host itself, and with it the one who could repair it. */
const CRITICAL_TARGETS = [
  '/',
  '/usr',
  '/etc',
  '/var',
  '/var/lib',
  '/run',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
  '/nix',
  '/nix/store',
];

function checkMounts(context: UplinkContext): readonly Finding[] {
  const { facts, uplink } = context;
  return facts.networkMounts
    .filter(mount => mayUseUplink(serversOf(mount), context))
    .map(mount => {
      const what = `${mount.target} (${mount.type} from ${mount.source})`;
      if (CRITICAL_TARGETS.includes(mount.target)) {
        return finding('critical-mount', {
          message: `the system lives on ${what}, which comes over ${uplink.name}: if the network stalls, so does the repair`,
          culprit: mount.target,
          advice: 'migrate with console access and accept it knowingly, or move the mount to another link',
        });
      }
      return finding('network-mount', {
        message: `${what} comes over ${uplink.name}: programs that use it wait while traffic changes path`,
        culprit: mount.target,
        advice: 'unmount it if they must not wait',
      });
    });
}

/** Host part of a mount source: `10.0.0.5:/srv`, `[2001:db8::5]:/srv`, `//files/share`, several with commas (Ceph). */
export function serversOf({ source }: Pick<HostFacts['networkMounts'][number], 'source'>): readonly string[] {
  const unc = /^[/\\]{2}([^/\\]+)/.exec(source);
  if (unc?.[1] !== undefined) return [unc[1]];
  return source
    .split(',')
    .map(part => /^(?:[^@\s]*@)?(?:\[([0-9a-f:.]+)\]|([^:/[\]]+))(?::|$)/i.exec(part))
    .map(match => match?.[1] ?? match?.[2])
    .filter(host => host !== undefined);
}

/** Policy rules may ask for a port; of the file systems here most go to this one. */
const NFS_PORT = 2049;

/** A server that is only a name cannot be looked up here: then the default route decides. */
function mayUseUplink(servers: readonly string[], { kernel, uplink }: UplinkContext): boolean {
  const main = kernel.routes.filter(route => route.table === RT_TABLE_MAIN);
  const remote = servers.filter(server => !isOwn(server, kernel.addresses));
  if (servers.length > 0 && remote.length === 0) return false;
  const addresses = remote.filter(server => parseIp(server) !== undefined);
  if (addresses.length === 0) return main.some(route => isDefault(route) && usesLink(route, uplink.index));
  return addresses.some(address => {
    const way = wayTo(kernel, address, NFS_PORT);
    return way.kind === 'routes' && way.routes.some(route => usesLink(route, uplink.index));
  });
}

function isOwn(server: string, addresses: readonly Address[]): boolean {
  if (server === 'localhost' || server === '::1' || /^127(\.\d+){3}$/.test(server)) return true;
  return addresses.some(address => address.local === server);
}
