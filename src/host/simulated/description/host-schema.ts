import * as z from 'zod';
import { BOND_MODES } from '../../../domain/bond.ts';
import { LAYOUTS } from '../../../domain/layout.ts';
import { NotationError } from './ip-words.ts';
import { ownersSchema } from './owners-schema.ts';
import { parseAddress } from './parse-address.ts';
import { parseNeighbour } from './parse-neighbour.ts';
import { parseRoute } from './parse-route.ts';
import { parseRule } from './parse-rule.ts';

/** A line in the notation of `ip`. */
function line<T>(parse: (text: string) => T) {
  return z.string('a line as "ip" takes it').transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof NotationError)) throw error;
      context.issues.push({ code: 'custom', input: text, message: error.message });
      return z.NEVER;
    }
  });
}

const linkName = z.string('a link name').regex(/^[^/:\s]{1,15}$/, 'a link name of 1 to 15 characters');
const altname = z.string('a name').regex(/^[^/\s]{1,127}$/, 'a name of 1 to 127 characters');
const mac = z
  .string('a MAC')
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'a MAC of six bytes, in lower case and quotes, like "52:54:00:00:00:01"');
const flag = z.boolean('true or false');
const count = z.int('a whole number').min(0, '0 or more');
const text = z.string('a text');
const textMap = z.record(z.string(), text, 'keys and texts');
/** `ipv4/conf/rp_filter`; numbers may stand without quotes. */
const sysctls = z.record(
  z.string().regex(/^ipv[46]\/(conf|neigh)\/[a-z0-9_]+$/, 'a name like ipv4/conf/rp_filter'),
  z.union([z.number(), z.string()], 'a number or a text').transform(String),
  'names and values',
);
const datapathType = z.enum(['netdev', 'system'], 'netdev or system');

const link = z.strictObject({
  name: linkName,
  /** Left out for hardware. */
  kind: text.optional(),
  index: z.int('a whole number').min(2, '2 or more: 1 is lo').optional(),
  mac: mac.optional(),
  permanentMac: mac.optional(),
  mtu: z.int('a whole number').min(68, '68 or more').optional(),
  minMtu: count.optional(),
  maxMtu: count.optional(),
  up: flag.default(true),
  carrier: flag.default(true),
  altnames: z.array(altname, 'a list of names').default([]),
  master: linkName.optional(),
  /** The link that a VLAN or macvlan stands on. */
  on: linkName.optional(),
  /** Of a bond; a mode number as in bonding.txt. */
  bondMode: count.max(6, '0 to 6').optional(),
  alias: text.optional(),
  group: count.default(0),
  txQueueLength: count.default(1000),
  qdisc: text.optional(),
  parentDevice: text.optional(),
  parentBus: text.optional(),
  /** How the kernel makes the link-local address. */
  addrGenMode: z.enum(['eui64', 'none'], 'eui64 or none').default('eui64'),
  /** In the order in which `ip addr add` was called. */
  addresses: z.array(line(parseAddress), 'a list of addresses').default([]),
  neighbours: z.array(line(parseNeighbour), 'a list of neighbours').default([]),
  sysctls: sysctls.default({}),
});

const port = z.strictObject({
  name: linkName,
  type: text.default(''),
  externalIds: textMap.default({}),
});

const bridge = z.strictObject({
  name: linkName,
  datapath: datapathType.default('system'),
  failMode: z.enum(['standalone', 'secure'], 'standalone or secure').optional(),
  controllers: count.default(0),
  mac: mac.optional(),
  up: flag.default(false),
  externalIds: textMap.default({}),
  otherConfig: textMap.default({}),
  ports: z.array(port, 'a list of ports').default([]),
});

const layouts = z.partialRecord(z.enum(LAYOUTS), z.array(text, 'a list of finding codes'), 'layouts and finding codes');

/** The schema of a host description. */
export const hostSchema = z.strictObject(
  {
    apiVersion: z.literal('ovs-uplink/v1', 'ovs-uplink/v1'),
    kind: z.literal('Host', 'Host'),
    name: z.string('a name').regex(/^[a-z0-9-]+$/, 'a name of a-z, 0-9 and "-"'),
    description: text,
    uplink: linkName,
    /** What a migration of this host asks for beside the layout. */
    request: z
      .strictObject({
        bridge: linkName.default('br-ext'),
        datapath: datapathType.nullable().default(null),
        useExistingBridge: flag.default(false),
        clearFlowRestoreWait: flag.default(false),
        accept: z.array(text, 'a list of finding codes').default([]),
        /** Links that form a bond of Open vSwitch with the uplink. */
        bond: z
          .strictObject({
            members: z.array(linkName, 'a list of links').min(1, 'at least one link'),
            mode: z.enum(BOND_MODES, BOND_MODES.join(', ')).default('active-backup'),
          })
          .optional(),
      })
      .prefault({}),
    kernel: z
      .strictObject({
        release: text.default('6.18.1'),
        /** Default: by the release, 6.2 and later. */
        liveRename: flag.optional(),
        /** The module openvswitch is there. */
        datapath: flag.default(false),
        canMuteIngress: flag.default(true),
        commandLine: text.default(''),
        sysctls: sysctls.default({}),
      })
      .prefault({}),
    ovs: z
      .strictObject({
        version: text.default('3.1.0'),
        datapaths: z.array(datapathType, 'a list of datapath types').default(['netdev', 'system']),
        flowRestoreWait: flag.default(false),
        applyDelayMs: count.default(5),
        bridges: z.array(bridge, 'a list of bridges').default([]),
      })
      .prefault({}),
    links: z.array(link, 'a list of links').min(1, 'at least one link'),
    routes: z.array(line(parseRoute), 'a list of routes').default([]),
    rules: z.array(line(parseRule), 'a list of rules').default([]),
    gateways: z
      .array(
        z.strictObject({
          address: text,
          link: linkName,
          mac: mac.optional(),
          answers: flag.default(true),
        }),
        'a list of gateways',
      )
      .default([]),
    /** Altnames that udev gives to a link after each rename of it. */
    udev: z
      .array(
        z.strictObject({ link: linkName, altname, afterMs: z.array(count, 'a list of delays in ms').default([20]) }),
        'a list of altnames',
      )
      .default([]),
    /** Who else manages the uplink. */
    owners: ownersSchema.prefault({}),
    mounts: z.array(z.strictObject({ source: text, target: text, type: text }), 'a list of mounts').default([]),
    linkFiles: z.array(z.strictObject({ path: text, text }), 'a list of .link files').default([]),
    /** Layouts that the pre-check refuses here, and the codes of all blocking findings. */
    refuses: layouts.default({}),
  },
  'keys and values',
);

/** A description as it was read: every default filled in, nothing derived yet. */
export type HostDocument = z.output<typeof hostSchema>;
/** One link of it. */
export type LinkDocument = HostDocument['links'][number];
