import type { Link } from '../domain/link.ts';
import { type CniResult, type Dns, isEmptyDns, type ResultInterface, type ResultIp } from './config/result-schema.ts';
import { familyOf } from './ip-prefix.ts';
import { type CniVersion, isAtLeast } from './version.ts';

/** The interface that ADD reports, in the form of a version: MTU and PCI address came with 1.1.0. */
export function interfaceOf(
  link: Link,
  sandbox: string,
  pciAddress: string | null,
  version: CniVersion,
): ResultInterface {
  return {
    name: link.name,
    ...(link.mac === null ? {} : { mac: link.mac }),
    ...(isAtLeast(version, '1.1.0') ? { mtu: link.mtu, ...(pciAddress === null ? {} : { pciID: pciAddress }) } : {}),
    sandbox,
  };
}

/**
 * What a chain has come to with one interface more, and the addresses that it got. Settings of the resolver are those of the configuration, else
 * those of IPAM, else those from before.
 */
export function extendResult(
  previous: CniResult = { interfaces: [], ips: [], routes: [] },
  added: ResultInterface,
  fromIpam: CniResult = { interfaces: [], ips: [], routes: [] },
  configured: Dns | undefined,
): CniResult {
  const { dns: _dns, ...before } = previous;
  const dns = [configured, fromIpam.dns, previous.dns].find(one => !isEmptyDns(one));
  const at = previous.interfaces.length;
  return {
    ...before,
    interfaces: [...previous.interfaces, added],
    ips: [...previous.ips, ...fromIpam.ips.map(ip => ({ ...ip, interface: at }))],
    routes: [...previous.routes, ...fromIpam.routes],
    ...(dns === undefined ? {} : { dns }),
  };
}

/** A result in the form of a version: before 1.0.0 an address says its family, and since then it does not. */
export function toVersion(result: CniResult, version: CniVersion): Readonly<Record<string, unknown>> {
  const { interfaces, ips, routes, dns, ...rest } = result;
  return {
    ...rest,
    cniVersion: version,
    interfaces,
    ips: ips.map(one => ipOf(one, version)),
    routes,
    ...(dns === undefined || dns === null ? {} : { dns }),
  };
}

function ipOf({ version: _version, ...ip }: ResultIp, version: CniVersion): Readonly<Record<string, unknown>> {
  return isAtLeast(version, '1.0.0') ? ip : { version: String(familyOf(ip.address)), ...ip };
}
