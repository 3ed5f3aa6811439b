import * as z from 'zod';
import { parseAddress } from '../../../host/simulated/description/parse-address.ts';
import { parseRoute } from '../../../host/simulated/description/parse-route.ts';
import { parseRule } from '../../../host/simulated/description/parse-rule.ts';
import type { Actor } from '../../actor.ts';
import { count, duration, flag, lineOf, text } from './values.ts';

const linkName = z.string('a link name').regex(/^[^/:\s]{1,15}$/, 'a link name of 1 to 15 characters');
const altname = z.string('a name').regex(/^[^/\s]{1,127}$/, 'a name of 1 to 127 characters');
const mac = z.string('a MAC').regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'a MAC of six bytes, in lower case and quotes');

const bare = z.strictObject({}, 'nothing but {}');
/** Ends by itself after `for`; without it, when the faults stop, or never. */
const timed = z
  .strictObject({ for: duration.optional() }, 'for: 300ms, or {}')
  .transform(({ for: forMs = null }) => ({ forMs }));
const onAltname = z.strictObject({ link: linkName, altname }, 'link and altname');
const onAddress = z.strictObject({ link: linkName, address: lineOf(parseAddress) }, 'link and address');
const onRoute = z.strictObject({ route: lineOf(parseRoute) }, 'route: a line as "ip route" takes it');
const onRule = z.strictObject({ rule: lineOf(parseRule) }, 'rule: a line as "ip rule" takes it');
const onLink = z.strictObject({ link: linkName }, 'link');

/** What each kind of actor takes. */
const ACTORS = {
  'uplink.remove': bare,
  'uplink.carrier.lose': timed,
  'uplink.set-down': bare,
  'uplink.mtu': z.strictObject({ mtu: count }, 'mtu'),
  'uplink.altname': z
    .strictObject({ times: count.default(1), every: duration.default(20) }, 'times and every')
    .transform(({ times, every: everyMs }) => ({ times, everyMs })),
  'uplink.address.remove': bare,
  'uplink.address.add': bare,
  'uplink.route.add': bare,
  'name.take': timed,
  'host-port.remove': bare,
  'host-port.set-down': bare,
  'host-port.dad-failed': bare,
  'netlink.overrun': bare,
  'ovsdb.stop': timed,
  'ovsdb.drop': bare,
  'ovsdb.lock.steal': bare,
  'ovsdb.rows.remove': bare,
  'ovsdb.port.add': bare,
  'vswitchd.kill': timed,
  'vswitchd.hang': timed,
  'ovs.flow-restore-wait': timed,
  'interface.error': z.strictObject({ text, times: count.default(1) }, 'text and times'),
  'gateway.silent': timed,
  'disk.full': timed,
  'guard.lose': bare,
  'owner.restart': bare,
  'owner.silent': timed,
  abort: bare,
  confirm: bare,
  kill: bare,
  'altname.add': onAltname,
  'altname.remove': onAltname,
  'link.add': z
    .strictObject({ name: linkName, linkKind: text, on: linkName.nullable().default(null) }, 'name, linkKind and on')
    .describe('on: the link that a VLAN or macvlan stands on'),
  'link.remove': onLink,
  'link.rename': z.strictObject({ link: linkName, to: linkName }, 'link and to'),
  'link.set': z
    .strictObject(
      {
        link: linkName,
        up: flag.nullable().default(null),
        mtu: count.nullable().default(null),
        mac: mac.nullable().default(null),
      },
      'link, and up, mtu or mac',
    )
    .refine(({ up, mtu, mac: address }) => up !== null || mtu !== null || address !== null, {
      error: 'one of up, mtu, mac is missing',
    }),
  'address.add': onAddress,
  'address.remove': onAddress,
  'route.add': onRoute,
  'route.remove': onRoute,
  'rule.add': onRule,
  'rule.remove': onRule,
  'sysctl.write': z
    .strictObject({ link: linkName, key: text, value: z.union([z.number(), z.string()], 'a number or a text') })
    .transform(({ link, key, value }) => ({ link, key, value: String(value) })),
  'ovsdb.port.remove': z.strictObject({ port: text }, 'port'),
  'ovsdb.bridge.remove': z.strictObject({ bridge: text }, 'bridge'),
} satisfies Readonly<Record<Actor['kind'], z.ZodType>>;

const kinds = Object.keys(ACTORS);
const shape = Object.fromEntries(Object.entries(ACTORS).map(([kind, fields]) => [kind, fields.optional()]));

/** What others do: one key, which is the kind, with its fields. */
export const actor = z
  .strictObject(shape, 'one kind of actor with its fields, like vswitchd.kill: {for: 400ms}')
  .meta({ title: 'actor' })
  .refine(said => Object.values(said).filter(fields => fields !== undefined).length === 1, {
    error: ({ input }) => {
      const has = Object.keys(input as object);
      return has.length === 0 ? 'the kind of actor is missing' : `${has.join(' and ')} exclude each other`;
    },
  })
  .transform((said): Actor => {
    const kind = kinds.find(one => said[one] !== undefined) ?? '';
    return { kind, ...(said[kind] as object) } as Actor;
  });
