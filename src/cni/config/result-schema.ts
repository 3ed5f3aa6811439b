import * as z from 'zod';
import { canonicalIp, readPrefix } from '../ip-prefix.ts';
import { supportedVersion } from '../version.ts';
import { textOf } from './text-of.ts';

const cidr = textOf(
  'an address with its prefix length, like 10.1.0.5/16',
  address => readPrefix(address) !== undefined,
);
// Go writes an address that it has not as an empty text.
const ip = textOf('an IP address', address => address === '' || canonicalIp(address) !== undefined);
const version = textOf('a version from 0.3.0 to 1.1.0', one => one === '' || supportedVersion(one) !== undefined);
const text = z.string('a text');
const texts = z.array(text, 'a list of texts').nullish();
const number = z.int('a whole number').min(0, '0 or more').max(0xffffffff, 'at most 4294967295').nullish();

/** Settings of a resolver. */
export const dnsSchema = z.looseObject(
  { nameservers: texts, domain: text.nullish(), search: texts, options: texts },
  'settings of a resolver',
);

const interfaceSchema = z.looseObject({ name: text, mac: text.nullish(), sandbox: text.nullish() }, 'an interface');
const ipSchema = z.looseObject({ address: cidr, gateway: ip.nullish(), interface: number }, 'an address');
const routeSchema = z.looseObject(
  { dst: cidr, gw: ip.nullish(), mtu: number, advmss: number, priority: number, table: number, scope: number },
  'a route',
);

function listOf<T extends z.ZodType>(schema: T, what: string) {
  return z
    .array(schema, what)
    .nullish()
    .transform(list => list ?? []);
}

/**
 * The result of an ADD, of any version from 0.3.0: they differ in what an address must say only. Keys that are not known here stay, as another
 * plugin of the chain may have put them there.
 */
export const resultSchema = z.looseObject(
  {
    cniVersion: version.nullish(),
    interfaces: listOf(interfaceSchema, 'a list of interfaces'),
    ips: listOf(ipSchema, 'a list of addresses'),
    routes: listOf(routeSchema, 'a list of routes'),
    dns: dnsSchema.nullish(),
  },
  'the result of an ADD',
);

/** A result that was read. */
export type CniResult = z.output<typeof resultSchema>;
/** An interface of a result. */
export type ResultInterface = CniResult['interfaces'][number];
/** An address of a result. */
export type ResultIp = CniResult['ips'][number];
/** A route of a result. */
export type ResultRoute = CniResult['routes'][number];
/** Settings of a resolver. */
export type Dns = z.output<typeof dnsSchema>;

/** True where nothing is set: Go's plugins write such objects. */
export function isEmptyDns(dns: Dns | null | undefined): boolean {
  if (dns === undefined || dns === null) return true;
  return Object.values(dns).every(
    value => value === null || value === '' || (Array.isArray(value) && value.length === 0),
  );
}
