import { afterAll, beforeAll, expect, it } from 'vitest';
import { captureHost, diffImages, type HostImage } from './host-image.ts';
import { createLab, LAB_ADDRESSES, type Lab } from './lab.ts';
import { describeLive } from './live.ts';
import { startUdpProbe } from './probe.ts';
import { configureRichHost, RICH_HOST } from './rich-host.ts';

describeLive('the rich host and its image', () => {
  let lab: Lab;
  let before: HostImage;
  beforeAll(async () => {
    lab = await createLab({ name: 'image' });
    await configureRichHost(lab);
    before = await captureHost(lab);
  });
  afterAll(() => lab?.destroy());

  it('has everything that the list of a demanding host asks for', () => {
    const link = before.links.find(each => each['ifname'] === 'eth0');
    expect(link).toMatchObject({ mtu: RICH_HOST.mtu, altnames: RICH_HOST.altnames });
    const addresses = before.addresses.find(each => each['ifname'] === 'eth0')!['addr_info'];
    expect(addresses).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ local: RICH_HOST.ipv4, label: 'eth0' }),
        expect.objectContaining({ local: RICH_HOST.secondIpv4, label: 'eth0:web', secondary: true }),
        expect.objectContaining({ local: RICH_HOST.hostRouteIpv4, prefixlen: 32 }),
        expect.objectContaining({ local: RICH_HOST.pointToPointIpv4, address: RICH_HOST.peerIpv4 }),
        expect.objectContaining({ local: RICH_HOST.ipv6 }),
        expect.objectContaining({ local: RICH_HOST.secondIpv6 }),
        expect.objectContaining({ local: RICH_HOST.temporaryIpv6, dynamic: true }),
      ]),
    );
    const routes = [...before.routes4, ...before.routes6];
    const legs = [expect.objectContaining({ dev: 'eth0' }), expect.objectContaining({ dev: 'eth9', weight: 2 })];
    expect(routes).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ dst: 'default', gateway: LAB_ADDRESSES.gateway4, metric: 100 }),
        expect.objectContaining({ dst: 'default', gateway: LAB_ADDRESSES.gateway6, metric: 200 }),
        expect.objectContaining({
          dst: 'default',
          table: '100',
          prefsrc: RICH_HOST.secondIpv4,
          metrics: [{ mtu: 1300 }],
        }),
        expect.objectContaining({ dst: '198.18.7.0/24', flags: ['onlink'] }),
        expect.objectContaining({ type: 'blackhole', dst: '198.19.0.0/16' }),
        expect.objectContaining({ dst: '198.51.100.0/24', table: '200', nexthops: legs }),
        expect.objectContaining({ dst: '2001:db8:99::/64', table: '200', nexthops: legs }),
      ]),
    );
    for (const rules of [before.rules4, before.rules6]) {
      expect(rules.map(rule => rule['priority'])).toEqual(expect.arrayContaining([1000, 1010, 1020, 1030]));
    }
    expect([...before.neighbours4, ...before.neighbours6]).toHaveLength(2);
    expect(before.sysctls).toMatchObject({
      'ipv4/conf/<link>/promote_secondaries': '0',
      'ipv4/conf/<link>/rp_filter': '2',
      'ipv4/conf/<link>/arp_ignore': '1',
      'ipv6/conf/<link>/accept_ra': '0',
    });
  });

  it('can be reached on every address from behind the gateway', async () => {
    const { ipv4, ipv6, secondIpv4, secondIpv6, hostRouteIpv4, pointToPointIpv4, temporaryIpv6 } = RICH_HOST;
    const targets = [ipv4, ipv6, secondIpv4, secondIpv6, hostRouteIpv4, pointToPointIpv4, temporaryIpv6];
    await using probe = await startUdpProbe(lab, { clientNs: lab.farNs, serverNs: lab.hostNs, targets, rateHz: 100 });
    await probe.progress(10);
    for (const result of Object.values(await probe.stop())) expect(result).toMatchObject({ lost: 0, duplicates: 0 });
  });

  it('equals itself when nothing was changed, though a lifetime runs', async () => {
    expect(diffImages(before, await captureHost(lab))).toEqual([]);
  });

  // Each change with its way back, and what the image must say in between.
  it.each<[string, string[][], string[][], (string | RegExp)[]]>([
    [
      'a lost label and broadcast',
      [
        ['addr', 'del', '10.9.0.3/24', 'dev', 'eth0'],
        ['addr', 'add', '10.9.0.3/24', 'dev', 'eth0'],
      ],
      [
        ['addr', 'del', '10.9.0.3/24', 'dev', 'eth0'],
        ['addr', 'add', '10.9.0.3/24', 'brd', '+', 'dev', 'eth0', 'label', 'eth0:web'],
      ],
      [
        'address on eth0 10.9.0.3/24: broadcast: before "10.9.0.255", after absent',
        /label: before "eth0:web", after "eth0"/,
      ],
    ],
    [
      'an altname that is gone',
      [['link', 'property', 'del', 'dev', 'eth0', 'altname', 'enp0s31f6']],
      [['link', 'property', 'add', 'dev', 'eth0', 'altname', 'enp0s31f6']],
      [/^link eth0: altnames: before \["enp0s31f6",.*after \["uplink-of/],
    ],
    [
      'a metric of a route',
      [['route', 'change', 'default', 'via', '10.9.0.1', 'dev', 'eth0', 'metric', '100', 'mtu', '1200']],
      [['route', 'change', 'default', 'via', '10.9.0.1', 'dev', 'eth0', 'metric', '100']],
      ['route unicast default table main metric 100 dev eth0: metrics: before absent, after [{"mtu":1200}]'],
    ],
    [
      'a rule and a neighbour that are new',
      [
        ['rule', 'add', 'to', '192.0.2.0/24', 'lookup', '77', 'priority', '7'],
        ['neigh', 'add', '10.9.0.51', 'lladdr', '02::51', 'dev', 'eth0'],
      ],
      [
        ['rule', 'del', 'priority', '7'],
        ['neigh', 'del', '10.9.0.51', 'dev', 'eth0'],
      ],
      [/^rule 7 lookup 77: new/, /^neighbour 10.9.0.51 dev eth0: new/],
    ],
    [
      'a route that is missing',
      [['route', 'del', 'blackhole', '198.19.0.0/16', 'table', '100']],
      [['route', 'add', 'blackhole', '198.19.0.0/16', 'table', '100']],
      [/^route blackhole 198.19.0.0\/16 table 100 metric 0 dev -: missing/],
    ],
    [
      'a lifetime',
      [['addr', 'change', '2001:db8:9::5/64', 'dev', 'eth0', 'valid_lft', '600', 'preferred_lft', '600', 'nodad']],
      [],
      [/valid_life_time: ends \d{4}\.\d s earlier/, /preferred_life_time: ends \d{4}\.\d s earlier/],
    ],
  ])('tells %s', async (_what, change, back, expected) => {
    for (const args of change) await lab.hostIp(...args.map(arg => (arg === '02::51' ? '02:00:00:00:00:51' : arg)));
    const differences = diffImages(before, await captureHost(lab));
    for (const each of expected) {
      expect(differences).toContainEqual(typeof each === 'string' ? each : expect.stringMatching(each));
    }
    expect(differences).toHaveLength(expected.length);
    for (const args of back) await lab.hostIp(...args);
    if (back.length === 0) before = await captureHost(lab);
    expect(diffImages(before, await captureHost(lab))).toEqual([]);
  });

  it('tells another order of the addresses', async () => {
    await lab.hostIp('addr', 'del', '203.0.113.7/32', 'dev', 'eth0');
    await lab.hostIp('addr', 'add', '203.0.113.7/32', 'dev', 'eth0');
    const differences = diffImages(before, await captureHost(lab));
    expect(differences).toEqual([expect.stringContaining('order of addresses on eth0')]);
    before = await captureHost(lab);
  });

  it('tells a sysctl, an nftables table and OVSDB rows of ours that were left behind', async () => {
    await lab.run(lab.hostNs, ['sysctl', '-qw', 'net.ipv4.conf.eth0.rp_filter=1'], { check: true });
    await lab.run(lab.hostNs, ['nft', 'add', 'table', 'netdev', 'left'], { check: true });
    const mark = 'external_ids:ovs-uplink\\:owner=test';
    await lab.vsctl('--', 'add-br', 'br-a', '--', 'set', 'bridge', 'br-a', 'datapath_type=netdev', mark);
    const ignoreLinks = ['ovs-netdev', 'br-a'];
    expect(diffImages(before, await captureHost(lab), { ignoreLinks })).toEqual([
      expect.stringMatching(/^OVSDB row Bridge br-a .*: new/),
      'sysctl: ipv4/conf/<link>/rp_filter: before "2", after "1"',
      expect.stringMatching(/^nftables: ruleset: before \[\], after \["table netdev left/),
    ]);
    const links = diffImages(before, await captureHost(lab)).filter(line => line.startsWith('link '));
    expect(links.map(line => line.split(':')[0])).toEqual(['link ovs-netdev', 'link br-a']);
  });

  it('overlooks promiscuity unless asked', async () => {
    const quiet = await captureHost(lab);
    await lab.hostIp('link', 'set', 'eth0', 'promisc', 'on');
    const loud = await captureHost(lab);
    expect(diffImages(quiet, loud)).toEqual([]);
    expect(diffImages(quiet, loud, { promiscuity: true }).join()).toContain(
      'link eth0: promiscuity: before 0, after 1',
    );
  });
});
