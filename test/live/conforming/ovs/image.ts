import { isUp, type Link } from '../../../../src/domain/link.ts';
import type { OvsBridge, OvsInterface, OvsState } from '../../../../src/domain/ovs-state.ts';
import type { BridgeImage, InterfaceImage, LinkImage, OvsImage } from './operation.ts';

/** MACs with a meaning stay, those that the kernel or Open vSwitch drew at random become a word. */
const FIXED_MAC = /^(02:00:00:00|00:16:3e:00):/;

/** Reduces one side to what must agree. `startedWith` are links that were there before: they are not ours to compare. */
export function imageOf(
  ovs: OvsState,
  links: readonly Link[],
  connected: boolean,
  startedWith: ReadonlySet<string>,
): OvsImage {
  const nameOf = new Map(links.map(link => [link.index, link.name]));
  return {
    connected,
    applied: ovs.system !== null && ovs.system.curCfg >= ovs.system.nextCfg,
    flowRestoreWait: ovs.system?.flowRestoreWait ?? false,
    bridges: ovs.bridges
      .map(bridge => ({
        name: bridge.name,
        datapathId: datapathImage(bridge, links),
        ports: bridge.ports.map(uuid => ovs.ports.find(port => port.uuid === uuid)?.name ?? uuid).toSorted(),
      }))
      .toSorted(byName),
    interfaces: ovs.interfaces.map(row => interfaceImage(row, nameOf)).toSorted(byName),
    links: links
      .filter(link => !startedWith.has(link.name))
      .map(link => linkImage(link, nameOf))
      .toSorted(byName),
  };
}

function datapathImage({ name, datapathId }: OvsBridge, links: readonly Link[]): BridgeImage['datapathId'] {
  if (datapathId === null) return 'unset';
  const mac = links.find(link => link.name === name)?.mac ?? '';
  return datapathId === `0000${mac.replaceAll(':', '')}` ? 'of its port' : 'other';
}

function interfaceImage(row: OvsInterface, nameOf: ReadonlyMap<number, string>): InterfaceImage {
  return {
    name: row.name,
    type: row.type,
    ofport: row.ofport === null ? 'null' : row.ofport < 0 ? 'failed' : row.ofport === 65534 ? 'local' : 'port',
    error: row.error ?? '',
    // The link that it means, whatever its number.
    ifindex: row.ifindex === null ? 'null' : (nameOf.get(row.ifindex) ?? (row.ifindex === 0 ? '0' : 'gone')),
    mac: macImage(row.macInUse),
    mtu: row.mtu,
  };
}

function linkImage(link: Link, nameOf: ReadonlyMap<number, string>): LinkImage {
  return {
    name: link.name,
    altnames: link.altnames.toSorted(),
    kind: link.kind ?? '',
    up: isUp(link),
    carrier: link.carrier,
    mtu: link.mtu,
    mac: macImage(link.mac),
    promiscuity: link.promiscuity,
    master: link.master === null ? null : (nameOf.get(link.master) ?? `link ${link.master}`),
  };
}

function macImage(mac: string | null): string {
  return mac === null ? 'none' : FIXED_MAC.test(mac) ? mac : 'drawn';
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
