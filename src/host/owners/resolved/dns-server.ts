import { uplinkError } from '../../../errors.ts';
import { familyOf, ipBytes, ipText } from '../../../netlink/ip-text.ts';

/** A DNS server of a link as systemd-resolved writes it: family, address, port (0 for the usual), name for TLS. */
export type DnsServerFields = readonly [family: number, address: Uint8Array, port: number, name: string];

const AF_INET = 2;
const AF_INET6 = 10;
const MAX_PORT = 65_535;
/** RFC 1035. */
const MAX_NAME_LENGTH = 255;

/** `192.0.2.53`, `192.0.2.53:853#dns.example`, `[2001:db8::53]:853`. Undefined for what is no address. */
export function formatDnsServer([family, address, port, name]: DnsServerFields): string | undefined {
  const isV6 = family === AF_INET6;
  if ((!isV6 && family !== AF_INET) || address.length !== (isV6 ? 16 : 4)) return undefined;
  const text = ipText(isV6 ? 6 : 4, address, 0);
  const withPort = port === 0 ? text : `${isV6 ? `[${text}]` : text}:${port}`;
  return name === '' ? withPort : `${withPort}#${name}`;
}

/** The fields of {@link formatDnsServer}'s text; throws `USAGE` for anything else. */
export function parseDnsServer(text: string): DnsServerFields {
  const [place = '', name = ''] = text.split('#', 2);
  const withPort = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(place);
  const address = withPort?.[1] ?? withPort?.[2] ?? place;
  const port = Number(withPort?.[3] ?? 0);
  if (port > MAX_PORT || name.length > MAX_NAME_LENGTH) {
    throw uplinkError('USAGE', { what: 'not a DNS server', got: JSON.stringify(text) });
  }
  return [familyOf(address) === 6 ? AF_INET6 : AF_INET, ipBytes(address), port, name];
}
