import { MAX_LINK_NAME_LENGTH } from '../../../domain/link.ts';
import type { HostDocument } from './host-schema.ts';
import { familyOf } from './ip-words.ts';
import type { YamlSource } from './yaml-source.ts';

/** Throws `USAGE` for a name that stands for nothing, or for two things: what the schema cannot see. */
export function checkReferences(host: HostDocument, source: YamlSource): void {
  const names = new Map<string, string>([['lo', 'lo']]);
  const claim = (path: readonly PropertyKey[], name: string, what: string): void => {
    const other = names.get(name);
    if (other !== undefined) throw source.errorAt(path, `${what} is the name of ${other} already`, { got: name });
    names.set(name, what);
  };
  const internal = (at: number) => host.ovs.bridges[at]?.ports.filter(port => port.type === 'internal') ?? [];
  host.links.forEach((link, at) => {
    claim(['links', at, 'name'], link.name, `the link ${link.name}`);
    link.altnames.forEach((name, n) => {
      claim(['links', at, 'altnames', n], name, `an altname of ${link.name}`);
    });
  });
  host.ovs.bridges.forEach((bridge, at) => {
    claim(['ovs', 'bridges', at, 'name'], bridge.name, `the bridge ${bridge.name}`);
    for (const port of internal(at)) claim(['ovs', 'bridges', at, 'ports'], port.name, `the port ${port.name}`);
  });
  const isLink = (name: string): boolean => host.links.some(link => link.name === name);
  const need = (path: readonly PropertyKey[], name: string | null | undefined): void => {
    if (name === null || name === undefined || isLink(name)) return;
    throw source.errorAt(path, `there is no link ${name}`, { expected: host.links.map(link => link.name).join(', ') });
  };
  need(['uplink'], host.uplink);
  host.links.forEach((link, at) => {
    need(['links', at, 'master'], link.master);
    need(['links', at, 'on'], link.on);
    link.addresses.forEach((address, n) => {
      if ((address.label?.length ?? 0) <= MAX_LINK_NAME_LENGTH) return;
      throw source.errorAt(['links', at, 'addresses', n], 'a label has at most 15 characters');
    });
  });
  host.ovs.bridges.forEach((bridge, at) => {
    bridge.ports.forEach((port, n) => {
      if (port.type === '' || port.type === 'system') need(['ovs', 'bridges', at, 'ports', n, 'name'], port.name);
    });
  });
  host.routes.forEach((route, at) => {
    for (const hop of route.nexthops) need(['routes', at], hop.dev === 'lo' ? null : hop.dev);
  });
  host.gateways.forEach((gateway, at) => {
    need(['gateways', at, 'link'], gateway.link);
    if (familyOf(gateway.address) !== undefined) return;
    throw source.errorAt(['gateways', at, 'address'], 'a gateway needs an IP address', { got: gateway.address });
  });
  host.udev.forEach((one, at) => {
    need(['udev', at, 'link'], one.link);
  });
}
