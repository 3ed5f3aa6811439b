import * as z from 'zod';

const flag = z.boolean('true or false');
const text = z.string('a text');
const texts = z.array(text, 'a list of texts');
const count = z.int('a whole number').min(0, '0 or more');
const state = z.enum(['running', 'absent', 'silent'], 'running, absent or silent');
const family = z.union([z.literal(4), z.literal(6)], '4 or 6');

const deviceType = z.enum(['ethernet', 'bond', 'vlan', 'bridge', 'team', 'veth'], 'a kind of device');

/** Who else manages the uplink of a described host. */
export const ownersSchema = z.strictObject(
  {
    networkManager: z
      .strictObject({
        state: state.default('running'),
        version: text.default('1.42.4'),
        managed: flag.default(true),
        type: deviceType.default('ethernet'),
        profile: text.default('uplink'),
        method4: text.default('manual'),
        method6: text.default('manual'),
        /** Takes addresses along when it lets a link go (F-75). */
        flushesOnRelease: flag.default(false),
        /** Devices that go up and down with the uplink. */
        relatives: z
          .array(z.strictObject({ name: text, type: deviceType, managed: flag.default(true) }), 'a list of devices')
          .default([]),
      })
      .optional(),
    networkd: z
      .strictObject({
        state: state.default('running'),
        setupState: text.default('configured'),
        networkFile: text.nullable().default(null),
        networkText: text.nullable().default(null),
        dhcp4: flag.default(false),
        dhcp6: flag.default(false),
      })
      .optional(),
    dhcpClients: z
      .array(
        z.strictObject({
          program: z.enum(['dhclient', 'dhcpcd', 'udhcpc'], 'dhclient, dhcpcd or udhcpc'),
          link: text.nullable().default(null),
          family: family.nullable().default(4),
          unit: text.nullable().default(null),
        }),
        'a list of DHCP clients',
      )
      .default([]),
    /** pid of teamd. */
    teamd: count.optional(),
    configurations: z
      .array(
        z.strictObject({
          by: z.enum(['ifupdown', 'netplan', 'cloud-init', 'ifcfg', 'wicked'], 'who applies it'),
          path: text,
          method: text.nullable().default(null),
        }),
        'a list of configurations',
      )
      .default([]),
    dns: z
      .strictObject({ servers: texts.default([]), domains: texts.default([]), defaultRoute: flag.default(true) })
      .optional(),
  },
  'networkManager, networkd, dhcpClients, teamd, configurations, dns',
);

/** As it was read, every default filled in. */
export type OwnersDocument = z.output<typeof ownersSchema>;
