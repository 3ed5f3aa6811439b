import { closeSync, openSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Link } from '../../src/domain/link.ts';
import { IFF_UP } from '../../src/domain/link.ts';
import { type Netlink, openNetlink } from '../../src/netlink/index.ts';
import { canMakeNamespaces, createNamespace, EventLog, failureOf, type Namespace } from './netns-lab.ts';

/** What `ip -j -d link` prints. */
interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly altnames?: string[];
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_slave_kind?: string;
    readonly info_data?: { readonly mode: string };
  };
  readonly flags: string[];
  readonly operstate: string;
  readonly mtu: number;
  readonly min_mtu: number;
  readonly max_mtu: number;
  readonly address: string;
  readonly ifalias?: string;
  readonly qdisc: string;
  readonly promiscuity: number;
  readonly txqlen?: number;
  readonly master?: string;
  readonly group: string;
  readonly inet6_addr_gen_mode: string;
  readonly link_netnsid?: number;
}

describe.skipIf(!canMakeNamespaces)('links', () => {
  let ns: Namespace;
  let other: Namespace;
  let netlink: Netlink;
  beforeAll(() => {
    ns = createNamespace('link');
    other = createNamespace('peer');
    netlink = openNetlink({ netnsPath: ns.path });
  });
  afterAll(async () => {
    await netlink?.close();
    ns?.remove();
    other?.remove();
  });

  const find = async (name: string): Promise<Link> => {
    const link = (await netlink.links()).find(one => one.name === name);
    if (link === undefined) throw new Error(`no link ${name}`);
    return link;
  };

  test('a dump says what `ip -d link` says, for every field that ip shows', async () => {
    ns.ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1', 'netns', other.name);
    ns.ip('link', 'add', 'w0', 'type', 'veth', 'peer', 'name', 'w1');
    ns.ip('link', 'add', 'br0', 'type', 'bridge');
    ns.ip('link', 'set', 'w0', 'master', 'br0', 'up');
    ns.ip('link', 'add', 'mv0', 'link', 'v0', 'type', 'macvlan', 'mode', 'bridge');
    ns.ip('link', 'set', 'v0', 'alias', 'the uplink', 'mtu', '1400', 'txqueuelen', '777', 'group', '5', 'up');
    ns.ip('link', 'property', 'add', 'dev', 'v0', 'altname', 'enp0s1', 'altname', 'a-much-longer-altname-than-fifteen');
    ns.ip('link', 'set', 'w1', 'addrgenmode', 'none');
    // The kernel settles operstate up to a second later (linkwatch): compare with an `ip` that says the same before and after.
    let shown = ns.ipJson<IpLink>('link');
    let links = await netlink.links();
    for (
      let again = ns.ipJson<IpLink>('link');
      JSON.stringify(again) !== JSON.stringify(shown);
      again = ns.ipJson<IpLink>('link')
    ) {
      shown = again;
      links = await netlink.links();
    }
    expect(links.map(link => link.name)).toEqual(shown.map(link => link.ifname));
    for (const [i, link] of links.entries()) {
      const ip = shown[i]!;
      expect
        .soft({
          index: link.index,
          altnames: link.altnames,
          kind: link.kind ?? undefined,
          slaveKind: link.slaveKind ?? undefined,
          isUp: (link.flags & IFF_UP) !== 0,
          operState: link.operState.toUpperCase(),
          mtu: link.mtu,
          minMtu: link.minMtu ?? 0,
          maxMtu: link.maxMtu ?? 0,
          mac: link.mac,
          alias: link.alias ?? undefined,
          qdisc: link.qdisc,
          promiscuity: link.promiscuity,
          txQueueLength: link.txQueueLength,
          master: links.find(one => one.index === link.master)?.name,
          group: link.group === 0 ? 'default' : `${link.group}`,
          addrGenMode: link.ipv6AddrGenMode,
          lowerNetnsId: link.lowerNetnsId ?? undefined,
        })
        .toEqual({
          index: ip.ifindex,
          altnames: ip.altnames ?? [],
          kind: ip.linkinfo?.info_kind,
          slaveKind: ip.linkinfo?.info_slave_kind,
          isUp: ip.flags.includes('UP'),
          operState: ip.operstate,
          mtu: ip.mtu,
          minMtu: ip.min_mtu,
          maxMtu: ip.max_mtu,
          mac: ip.address,
          alias: ip.ifalias,
          qdisc: ip.qdisc,
          promiscuity: ip.promiscuity,
          txQueueLength: ip.txqlen ?? 0,
          master: ip.master,
          group: ip.group,
          addrGenMode: ['eui64', 'none', 'stable_secret', 'random'].indexOf(ip.inet6_addr_gen_mode),
          lowerNetnsId: ip.link_netnsid,
        });
    }
    expect((await find('mv0')).lower).toBe((await find('v0')).index);
    expect((await find('w0')).lower).toBe((await find('w1')).index);
  });

  test('links are made, changed and deleted', async () => {
    await netlink.createLink({
      kind: 'veth',
      name: 'c0',
      mac: '02:00:00:00:00:01',
      mtu: 1450,
      peer: { name: 'c1', mac: '02:00:00:00:00:02' },
    });
    await netlink.createLink({ kind: 'bridge', name: 'cbr' });
    await netlink.createLink({ kind: 'macvlan', name: 'cmv', lower: (await find('c1')).index, mode: 'private' });
    const before = await find('c0');
    const bridge = await find('cbr');
    expect(before).toMatchObject({ kind: 'veth', mac: '02:00:00:00:00:01', mtu: 1450 });
    expect(ns.ipJson<IpLink>('link', 'show', 'cmv')[0]?.linkinfo?.info_data?.mode).toBe('private');
    await netlink.setLink(before.index, {
      name: 'renamed~',
      up: true,
      mtu: 1300,
      mac: '02:00:00:00:00:AA',
      alias: 'said so',
      group: 7,
      txQueueLength: 42,
      master: bridge.index,
      addrGenMode: 1,
    });
    expect(await netlink.linkByIndex(before.index)).toMatchObject({
      name: 'renamed~',
      flags: expect.any(Number),
      mtu: 1300,
      mac: '02:00:00:00:00:aa',
      alias: 'said so',
      group: 7,
      txQueueLength: 42,
      master: bridge.index,
      slaveKind: 'bridge',
      ipv6AddrGenMode: 1,
    });
    await netlink.setLink(before.index, { master: null, alias: '', up: false });
    const after = await netlink.linkByIndex(before.index);
    expect(after).toMatchObject({ master: null, alias: null });
    expect(after!.flags & IFF_UP).toBe(0);
    await netlink.deleteLink(before.index);
    expect(await netlink.linkByIndex(before.index)).toBeUndefined();
    await netlink.deleteLink(bridge.index);
  });

  test('a lookup by name answers to altnames and is undefined for an unknown name', async () => {
    ns.ip('link', 'add', 'look0', 'type', 'veth', 'peer', 'name', 'look1');
    const link = await find('look0');
    await netlink.addAltname(link.index, 'alt0');
    await netlink.addAltname(link.index, 'an-altname-of-more-than-fifteen-characters');
    for (const name of ['look0', 'alt0', 'an-altname-of-more-than-fifteen-characters']) {
      expect((await netlink.linkByName(name))?.index).toBe(link.index);
    }
    expect(await netlink.linkByName('nothing')).toBeUndefined();
    await netlink.removeAltname(link.index, 'alt0');
    expect((await find('look0')).altnames).toEqual(['an-altname-of-more-than-fifteen-characters']);
    expect(await failureOf(netlink.removeAltname(link.index, 'alt0'))).toMatchObject({
      code: 'NETLINK_REFUSED',
      errnoName: 'ENOENT',
    });
  });

  test('refusals carry the errno, its name, the object and the extended ack', async () => {
    ns.ip('link', 'add', 'err0', 'type', 'veth', 'peer', 'name', 'err1');
    const { index } = await find('err0');
    expect(await failureOf(netlink.setLink(index, { mtu: 12 }))).toMatchObject({
      code: 'NETLINK_REFUSED',
      errno: 22,
      errnoName: 'EINVAL',
      extAck: 'mtu less than device minimum',
      object: `link ${index}`,
    });
    expect(await failureOf(netlink.setLink(index, { name: 'err1' }))).toMatchObject({ errnoName: 'EEXIST' });
    expect(await failureOf(netlink.setLink(index, { name: 'a-name-that-is-too-long' }))).toMatchObject({
      errnoName: 'ERANGE',
      extAck: 'Attribute failed policy validation',
    });
    expect(await failureOf(netlink.setLink(999_999, { up: true }))).toMatchObject({ errnoName: 'ENODEV' });
    expect(await failureOf(netlink.addAltname(index, 'err1'))).toMatchObject({ errnoName: 'EEXIST' });
  });

  test('a link moves into another namespace and takes a new name in one request', async () => {
    ns.ip('link', 'add', 'mov0', 'type', 'veth', 'peer', 'name', 'mov1');
    const { index } = await find('mov0');
    const fd = openSync(other.path, 'r');
    try {
      await netlink.setLink(index, { netnsFd: fd, name: 'uplink0' });
    } finally {
      closeSync(fd);
    }
    expect(await netlink.linkByName('mov0')).toBeUndefined();
    expect(other.ipJson('link', 'show', 'uplink0')).toHaveLength(1);
    expect(await netlink.netnsIds()).not.toHaveLength(0);
  });

  test('a veth peer is made inside another namespace', async () => {
    const fd = openSync(other.path, 'r');
    try {
      await netlink.createLink({ kind: 'veth', name: 'vp0', peer: { name: 'vp1', netnsFd: fd } });
    } finally {
      closeSync(fd);
    }
    expect(other.ipJson('link', 'show', 'vp1')).toHaveLength(1);
    expect((await find('vp0')).lowerNetnsId).not.toBeNull();
  });

  test('renaming a link that is up keeps it up, and is announced with the new name', async () => {
    ns.ip('link', 'add', 'live0', 'type', 'veth', 'peer', 'name', 'live1');
    ns.ip('link', 'set', 'live0', 'up');
    ns.ip('addr', 'add', '10.3.0.1/24', 'label', 'live0', 'dev', 'live0');
    const { index } = await find('live0');
    const log = new EventLog();
    const subscription = netlink.subscribe(['link', 'address'], log.listener);
    await netlink.setLink(index, { name: 'live0~' });
    await log.until(
      event => event.type === 'link.changed' && event.link.index === index && event.link.name === 'live0~',
    );
    await log.until(event => event.type === 'address.changed' && event.address.label?.startsWith('live0~') === true);
    subscription.close();
    expect((await find('live0~')).flags & IFF_UP).toBe(IFF_UP);
    expect(await netlink.addresses({ linkIndex: index, family: 4 })).toHaveLength(1);
  });

  test('a link with 400 altnames is dumped whole, and so are the links after it', async () => {
    const big = createNamespace('alt');
    const client = openNetlink({ netnsPath: big.path });
    try {
      await client.createLink({ kind: 'veth', name: 'big0', peer: { name: 'big1' } });
      const { index } = (await client.linkByName('big0'))!;
      const names = Array.from({ length: 400 }, (_, i) => `altname-${i}-${'x'.repeat(110)}`);
      for (const name of names) await client.addAltname(index, name);
      await client.createLink({ kind: 'bridge', name: 'after0' });
      const links = await client.links();
      expect(links.map(link => link.name).sort()).toEqual(['after0', 'big0', 'big1', 'lo']);
      expect(links.find(link => link.name === 'big0')?.altnames).toEqual(names);
      expect((await client.linkByName('big0'))?.altnames).toEqual(names);
    } finally {
      await client.close();
      big.remove();
    }
  });
});
