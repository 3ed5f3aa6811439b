import { uplinkError } from '../../src/errors.ts';
import { runCommand } from './command.ts';
import type { Lab } from './lab.ts';
import { raiseLink, turnChecksumOffloadOff, writeSysctls } from './topology.ts';

/** Addresses of {@link configurePlainHost}. */
export const PLAIN_HOST = { ipv4: '10.9.0.2', ipv6: '2001:db8:9::2' } as const;

/** What {@link configureRichHost} puts on the host, for probes and assertions. */
export const RICH_HOST = {
  ipv4: '10.9.0.2',
  ipv6: '2001:db8:9::2',
  /** Second address of the subnet, labelled `<uplink>:web`. */
  secondIpv4: '10.9.0.3',
  secondIpv6: '2001:db8:9::3',
  /** /32 that the gateway routes to the host. */
  hostRouteIpv4: '203.0.113.7',
  pointToPointIpv4: '10.77.0.1',
  peerIpv4: '10.77.0.2',
  /** Valid for an hour from the moment of configuration. */
  temporaryIpv6: '2001:db8:9::5',
  altnames: ['enp0s31f6', 'uplink-of-the-lab-with-a-long-name'],
  mtu: 1400,
  /** Another link to the same gateway; carries one leg of the multipath routes. */
  otherLink: 'eth9',
} as const;

/** The host as most are: one address and a default route in both families. */
export async function configurePlainHost(lab: Lab): Promise<void> {
  const link = lab.uplinkName;
  await ipBatch(lab.hostNs, [
    `addr add 10.9.0.2/24 dev ${link}`,
    `addr add 2001:db8:9::2/64 dev ${link} nodad`,
    'route add default via 10.9.0.1',
    'route add ::/0 via 2001:db8:9::1',
  ]);
}

/**
 * The most demanding host that a migration must carry over field by field: secondary, labelled, /32, point-to-point and
 * limited addresses, altnames, another MTU, policy routing with two tables, multipath over a second link, permanent
 * neighbours and changed sysctls. Addresses of both families work from and to the far host. Rejects with `USAGE` when the
 * uplink's name is too long for the label `<uplink>:web` (IFALIASZ: 15 characters).
 */
export async function configureRichHost(lab: Lab): Promise<void> {
  const link = lab.uplinkName;
  if (`${link}:web`.length > 15) {
    throw uplinkError('USAGE', {
      what: 'no room for a label',
      object: link,
      expected: 'an uplink name of at most 11 characters',
    });
  }
  await addOtherLink(lab);
  await ipBatch(lab.gatewayNs, [
    `link set gw0 mtu ${RICH_HOST.mtu}`,
    'route add 203.0.113.7/32 via 10.9.0.2',
    'route add 10.77.0.1/32 via 10.9.0.2',
    'addr add 10.77.0.2/32 dev lo',
  ]);
  // promote_secondaries 0, the kernel's default: deleting the first address of a subnet takes the others with it.
  await writeSysctls(lab.hostNs, {
    'net/ipv4/conf/all/promote_secondaries': '0',
    [`net/ipv4/conf/${link}/promote_secondaries`]: '0',
    [`net/ipv4/conf/${link}/rp_filter`]: '2',
    [`net/ipv4/conf/${link}/arp_ignore`]: '1',
    [`net/ipv6/conf/${link}/accept_ra`]: '0',
  });
  await ipBatch(lab.hostNs, [
    `link set ${link} mtu ${RICH_HOST.mtu}`,
    ...RICH_HOST.altnames.map(name => `link property add dev ${link} altname ${name}`),
    ...ADDRESSES(link, RICH_HOST.otherLink),
  ]);
  await ipBatch(lab.hostNs, IPV4(link, RICH_HOST.otherLink), '-4');
  await ipBatch(lab.hostNs, IPV6(link, RICH_HOST.otherLink), '-6');
}

type Batch = (link: string, other: string) => string[];

const ADDRESSES: Batch = link => [
  `addr add 10.9.0.2/24 brd 10.9.0.255 dev ${link}`,
  `addr add 10.9.0.3/24 brd 10.9.0.255 dev ${link} label ${link}:web`,
  `addr add 203.0.113.7/32 dev ${link}`,
  `addr add 10.77.0.1 peer 10.77.0.2/32 dev ${link}`,
  `addr add 2001:db8:9::2/64 dev ${link} nodad`,
  `addr add 2001:db8:9::3/64 dev ${link} nodad`,
  `addr add 2001:db8:9::5/64 dev ${link} valid_lft 3600 preferred_lft 1800 nodad`,
];

// Table 100 is for the second addresses, table 200 goes over two links.
const IPV4: Batch = (link, other) => [
  `route add default via 10.9.0.1 dev ${link} metric 100`,
  `route add default via 10.9.0.1 dev ${link} src 10.9.0.3 mtu 1300 table 100`,
  `route add 198.18.7.0/24 via 192.0.2.1 dev ${link} onlink table 100`,
  'route add blackhole 198.19.0.0/16 table 100',
  `route add 198.51.100.0/24 table 200 nexthop via 10.9.0.1 dev ${link} weight 1 nexthop via 10.19.0.1 dev ${other} weight 2`,
  'rule add from 10.9.0.3 lookup 100 priority 1000',
  ...sharedRules(link),
  `neigh add 10.9.0.50 lladdr 02:00:00:00:00:50 nud permanent dev ${link}`,
];

const IPV6: Batch = (link, other) => [
  `route add default via 2001:db8:9::1 dev ${link} metric 200`,
  `route add default via 2001:db8:9::1 dev ${link} src 2001:db8:9::3 mtu 1300 metric 50 table 100`,
  `route add 2001:db8:77::/64 via 2001:db8:78::1 dev ${link} onlink table 100`,
  'route add blackhole 2001:db8:dead::/48 table 100',
  `route add 2001:db8:99::/64 table 200 nexthop via 2001:db8:9::1 dev ${link} weight 1 nexthop via 2001:db8:19::1 dev ${other} weight 2`,
  'rule add from 2001:db8:9::3 lookup 100 priority 1000',
  ...sharedRules(link),
  `neigh add 2001:db8:9::50 lladdr 02:00:00:00:00:50 nud permanent dev ${link}`,
];

function sharedRules(link: string): string[] {
  return [
    'rule add fwmark 0x64/0xff lookup 200 priority 1010',
    `rule add iif ${link} lookup 100 priority 1020`,
    `rule add oif ${link} lookup 100 priority 1030`,
  ];
}

async function addOtherLink(lab: Lab): Promise<void> {
  const link = RICH_HOST.otherLink;
  await ipBatch(lab.gatewayNs, [
    `link add gw9 index 29 type veth peer name ${link} index 19 netns ${lab.hostNs}`,
    'addr add 10.19.0.1/24 dev gw9',
    'addr add 2001:db8:19::1/64 dev gw9 nodad',
    'link set gw9 up',
  ]);
  await Promise.all([
    turnChecksumOffloadOff(lab.hostNs, link),
    turnChecksumOffloadOff(lab.gatewayNs, 'gw9'),
    raiseLink(lab.hostNs, link),
  ]);
  await ipBatch(lab.hostNs, [`addr add 10.19.0.2/24 dev ${link}`, `addr add 2001:db8:19::2/64 dev ${link} nodad`]);
}

// One `ip` for many changes. `default` and rules without an address need the family, and a batch takes it as a whole.
async function ipBatch(netns: string, lines: readonly string[], family?: '-4' | '-6'): Promise<void> {
  await runCommand(['ip', ...(family === undefined ? [] : [family]), '-n', netns, '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
    check: true,
  });
}
