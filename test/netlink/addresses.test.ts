import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Address,
  IFA_F_MANAGETEMPADDR,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
} from '../../src/domain/address.ts';
import { type Netlink, openNetlink } from '../../src/netlink/index.ts';
import { addressOf, canMakeNamespaces, createNamespace, failureOf, type Namespace } from './netns-lab.ts';

interface IpAddressList {
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly address?: string;
    readonly prefixlen: number;
    readonly broadcast?: string;
    readonly label?: string;
    readonly scope: string;
    readonly metric?: number;
    readonly valid_life_time: number;
    readonly preferred_life_time: number;
    readonly secondary?: boolean;
    readonly noprefixroute?: boolean;
  }[];
}

const SCOPES: Record<string, number> = { global: 0, site: 200, link: 253, host: 254 };
/** Lifetimes run on between two looks: compared in thousands of seconds. */
const coarse = (seconds: number | null) => (seconds === null ? null : Math.round(seconds / 1000));
const lifetime = (seconds: number) => coarse(seconds === 0xffffffff ? null : seconds);

describe.skipIf(!canMakeNamespaces)('addresses', () => {
  let ns: Namespace;
  let netlink: Netlink;
  let index: number;
  beforeAll(async () => {
    ns = createNamespace('addr');
    ns.ip('link', 'add', 'e0', 'type', 'veth', 'peer', 'name', 'e1');
    for (const end of ['e0', 'e1']) ns.ip('link', 'set', end, 'addrgenmode', 'none');
    ns.ip('link', 'set', 'e1', 'up');
    ns.ip('link', 'set', 'e0', 'up');
    netlink = openNetlink({ netnsPath: ns.path });
    index = (await netlink.linkByName('e0'))!.index;
  });
  afterAll(async () => {
    await netlink?.close();
    ns?.remove();
  });

  test('a dump says what `ip -d addr` says, in the same order', async () => {
    ns.ip('addr', 'add', '10.1.0.1/24', 'brd', '+', 'label', 'e0:mgmt', 'dev', 'e0');
    ns.ip('addr', 'add', '10.1.0.2/24', 'dev', 'e0', 'valid_lft', '5000', 'preferred_lft', '3000');
    ns.ip('addr', 'add', '10.2.0.1', 'peer', '10.2.0.9/32', 'dev', 'e0', 'metric', '77', 'noprefixroute');
    ns.ip('addr', 'add', '10.3.0.1/16', 'dev', 'e0', 'scope', 'link');
    ns.ip('addr', 'add', 'fd01::1/64', 'dev', 'e0', 'nodad', 'metric', '99');
    ns.ip('addr', 'add', 'fd01::2', 'peer', 'fd01::9/128', 'dev', 'e0', 'nodad');
    ns.ip(
      'addr',
      'add',
      'fd01::3/64',
      'dev',
      'e0',
      'nodad',
      'valid_lft',
      '9000',
      'preferred_lft',
      '0',
      'noprefixroute',
    );
    const mine = await netlink.addresses({ linkIndex: index });
    const shown = ns.ipJson<IpAddressList>('addr', 'show', 'dev', 'e0')[0]!.addr_info;
    expect(
      mine.map(address => ({
        ...address,
        flags: address.flags & (IFA_F_SECONDARY | IFA_F_NOPREFIXROUTE),
        linkIndex: undefined,
        validLifetimeS: coarse(address.validLifetimeS),
        preferredLifetimeS: coarse(address.preferredLifetimeS),
        // iproute2 6.1 does not know IFA_PROTO.
        protocol: undefined,
      })),
    ).toEqual(
      shown.map(ip => ({
        family: ip.family === 'inet' ? 4 : 6,
        local: ip.local,
        peer: ip.address ?? null,
        prefixLength: ip.prefixlen,
        broadcast: ip.broadcast ?? null,
        label: ip.label ?? null,
        scope: SCOPES[ip.scope],
        metric: ip.metric ?? null,
        validLifetimeS: lifetime(ip.valid_life_time),
        preferredLifetimeS: lifetime(ip.preferred_life_time),
        flags: (ip.secondary ? IFA_F_SECONDARY : 0) | (ip.noprefixroute ? IFA_F_NOPREFIXROUTE : 0),
      })),
    );
    expect(mine.find(address => address.local === 'fd01::3')?.validLifetimeS).toBeLessThanOrEqual(9000);
    expect((await netlink.addresses()).length).toBeGreaterThan(mine.length);
    expect(await netlink.addresses({ family: 6, linkIndex: index })).toHaveLength(3);
    expect(await netlink.addresses({ linkIndex: 999_999 })).toEqual([]);
  });

  test('every attribute that user space may set arrives in the kernel', async () => {
    const wanted = [
      addressOf({
        local: '10.9.0.2',
        linkIndex: index,
        prefixLength: 22,
        broadcast: '10.9.3.255',
        label: 'e0:7',
        scope: 253,
        flags: IFA_F_NOPREFIXROUTE,
        metric: 321,
        protocol: 200,
        validLifetimeS: 4000,
        preferredLifetimeS: 2000,
      }),
      addressOf({ local: '10.9.8.1', peer: '10.9.9.1', prefixLength: 32, linkIndex: index, label: 'e0' }),
      addressOf({
        local: 'fd09::2',
        linkIndex: index,
        flags: IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_MANAGETEMPADDR,
        metric: 123,
        protocol: 201,
        validLifetimeS: null,
        preferredLifetimeS: 1000,
      }),
    ];
    for (const address of wanted) await netlink.addAddress(address, 'create');
    const now = await netlink.addresses({ linkIndex: index });
    for (const address of wanted) {
      const found = now.find(one => one.local === address.local);
      // The kernel adds IFA_F_PERMANENT to those without an end.
      const flags = address.validLifetimeS === null ? address.flags | IFA_F_PERMANENT : address.flags;
      const settle = (one: Address) => ({
        ...one,
        validLifetimeS: coarse(one.validLifetimeS),
        preferredLifetimeS: coarse(one.preferredLifetimeS),
      });
      expect(found && settle(found)).toEqual(settle({ ...address, flags }));
      await netlink.removeAddress({ ...address, label: 'some-other-label' });
    }
    const left = await netlink.addresses({ linkIndex: index });
    expect(left.filter(one => wanted.some(address => address.local === one.local))).toEqual([]);
  });

  test('create refuses what is there, replace changes it, remove refuses what is not there', async () => {
    const address = addressOf({ local: '10.8.0.1', linkIndex: index });
    await netlink.addAddress(address, 'create');
    expect(await failureOf(netlink.addAddress(address, 'create'))).toMatchObject({
      code: 'NETLINK_REFUSED',
      errnoName: 'EEXIST',
      extAck: 'ipv4: Address already assigned',
      object: `10.8.0.1/24 on link ${index}`,
    });
    await netlink.addAddress({ ...address, validLifetimeS: 7000, preferredLifetimeS: 6000 }, 'replace');
    const replaced = (await netlink.addresses({ family: 4 })).find(one => one.local === '10.8.0.1');
    expect(coarse(replaced!.validLifetimeS)).toBe(7);
    await netlink.removeAddress(address);
    expect(await failureOf(netlink.removeAddress(address))).toMatchObject({
      errnoName: 'EADDRNOTAVAIL',
      extAck: 'ipv4: Address not found',
    });
    expect(
      await failureOf(netlink.addAddress({ ...address, validLifetimeS: 1, preferredLifetimeS: 5 }, 'create')),
    ).toMatchObject({
      errnoName: 'EINVAL',
      extAck: 'ipv4: address lifetime invalid',
    });
  });

  test('text that is no address is refused as USAGE before anything is sent', async () => {
    expect(
      (await failureOf(netlink.addAddress(addressOf({ local: '10.8.0.300', linkIndex: index }), 'create'))).code,
    ).toBe('USAGE');
  });
});
