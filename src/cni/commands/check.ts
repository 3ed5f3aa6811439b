import { type Address, IFA_F_DADFAILED } from '../../domain/address.ts';
import { isUp } from '../../domain/link.ts';
import { type Route, RTN_UNICAST } from '../../domain/route.ts';
import { CNI_CODES, type CniError, cniError } from '../cni-error.ts';
import { checkCommandSchema, checkConfig } from '../config/network-config.ts';
import type { CniResult, ResultRoute } from '../config/result-schema.ts';
import type { LinkView } from '../device-mover.ts';
import type { Target } from '../environment.ts';
import { readPrefix } from '../ip-prefix.ts';
import { openIpam } from '../ipam/ipam.ts';
import { checkNetns } from '../netns-path.ts';
import { isSameAttachment } from '../same-attachment.ts';
import { gatewayOf } from '../wanted-configuration.ts';
import type { CommandContext } from './context.ts';

/**
 * Compares the container's link with the final result of the ADD. Throws an error of code 106 for the first difference. What a later plugin of the
 * chain may have changed without saying so in the result (MTU, the table of a route) is not compared.
 */
export async function check(context: CommandContext, target: Target & { readonly netns: string }): Promise<void> {
  const { containerId, ifname, netns } = target;
  const config = checkConfig(checkCommandSchema, context.config);
  await checkNetns(netns);
  const { prevResult } = config;
  const at = prevResult.interfaces.findIndex(one => one.name === ifname && one.sandbox === netns);
  const expected = prevResult.interfaces[at];
  if (expected === undefined) {
    throw cniError(CNI_CODES.invalidConfig, {
      what: 'prevResult.interfaces: the interface is missing',
      expected: `${ifname} in ${netns}`,
      got: prevResult.interfaces.map(({ name, sandbox }) => `${name} in ${sandbox || 'the host'}`).join(', ') || 'none',
      advice: 'see what the container runtime has kept of the result',
    });
  }
  const ipam = await openIpam(config.ipam?.type, context);
  await ipam?.run('CHECK');
  await using mover = await context.openMover(config);
  const attachment = { network: config.name, containerId, ifname };
  const isKnown = (await mover.attachments()).some(moved => isSameAttachment(moved.attachment, attachment));
  if (!isKnown) throw differs(ifname, 'a record of its move', 'none: DEL could not bring it home');
  const view = await mover.look(netns, ifname);
  if (view === undefined) throw differs(ifname, `the link in ${netns}`, 'none of that name');
  compareLink(expected.mac, view);
  compareAddresses(
    prevResult.ips.filter(ip => ip.interface === at),
    view,
  );
  for (const route of prevResult.routes) compareRoute(route, view);
}

function compareLink(mac: string | null | undefined, { link }: LinkView): void {
  if (!isUp(link)) throw differs(link.name, 'up', 'down');
  if (mac && mac.toLowerCase() !== link.mac) throw differs(link.name, `MAC ${mac}`, link.mac ?? 'none');
}

function compareAddresses(ips: CniResult['ips'], { link, addresses }: LinkView): void {
  for (const { address: wanted } of ips) {
    const prefix = readPrefix(wanted);
    const found = addresses.find(
      ({ local, prefixLength }) => local === prefix?.address && prefixLength === prefix.length,
    );
    if (found === undefined) throw differs(link.name, `address ${wanted}`, 'none such');
    if (isDuplicate(found)) throw differs(link.name, `address ${wanted}`, 'the same address on another host');
  }
}

function isDuplicate({ flags }: Address): boolean {
  return (flags & IFA_F_DADFAILED) !== 0;
}

function compareRoute(wanted: ResultRoute, { link, routes }: LinkView): void {
  if (routes.some(route => isSameRoute(route, wanted))) return;
  const via = gatewayOf(wanted.gw);
  throw differs(
    link.name,
    `route ${wanted.dst}${via === undefined ? '' : ` via ${via}`}`,
    'none such in the namespace',
  );
}

function isSameRoute(route: Route, { dst, gw, table }: ResultRoute): boolean {
  if (route.type !== RTN_UNICAST || route.destination !== readPrefix(dst)?.network) return false;
  if (table && table !== route.table) return false;
  const via = gatewayOf(gw);
  return via === undefined || route.nexthops.some(hop => hop.gateway === via);
}

function differs(object: string, expected: string, got: string): CniError {
  const advice = 'the container must be made anew, or what changed it must be undone';
  return cniError(CNI_CODES.stateDiffers, { what: 'not as ADD has left it', object, expected, got, advice });
}
