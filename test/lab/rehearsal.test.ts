import { expect, it } from 'vitest';
import { captureHost, diffImages } from './host-image.ts';
import { createLab, LAB_ADDRESSES, type Lab } from './lab.ts';
import { describeLive } from './live.ts';
import { startUdpProbe, type UdpProbeResult } from './probe.ts';
import { configurePlainHost, PLAIN_HOST } from './rich-host.ts';
import { watchKernel } from './watch.ts';

const RATE_HZ = 500;
const ROUNDS = 4;
const HOST = [PLAIN_HOST.ipv4, PLAIN_HOST.ipv6];
const FAR = [LAB_ADDRESSES.far4, LAB_ADDRESSES.far6];

describeLive('orders of the cutover with ip and ovs-vsctl processes, layout host-port', () => {
  it('attach before the switch of routes loses nothing, there and back', async () => {
    const lost: number[] = [];
    // A starved machine may lose a datagram by itself; an order that loses them does so every time.
    for (let round = 0; round < ROUNDS && !lost.includes(0); round += 1) {
      await using lab = await createLab({ name: 'rehearsal' });
      await configurePlainHost(lab);
      const before = await captureHost(lab);

      const there = await measured(lab, () => migrateWithoutLoss(lab));
      expect(await lab.vsctl('get', 'interface', 'eth0~', 'error')).toBe('[]');
      expect(await lab.hostIp('-br', 'addr', 'show', 'dev', 'eth0')).toContain(PLAIN_HOST.ipv4);
      const back = await measured(lab, () => restoreWithoutLoss(lab));
      lost.push([...there, ...back].reduce((sum, result) => sum + result.lost + result.sendErrors, 0));

      // The shell's order makes its addresses with noprefixroute and leaves that behind; nothing else differs.
      expect(diffImages(before, await captureHost(lab), { ignoreLinks: ['ovs-netdev'] })).toEqual([
        'address on eth0 10.9.0.2/24: noprefixroute: before absent, after true',
        'address on eth0 2001:db8:9::2/64: noprefixroute: before absent, after true',
      ]);
    }
    expect(lost).toContain(0);
  });

  it('carries traffic over the bridge alone after the cutover: nothing is answered while ovs-vswitchd is paused', async () => {
    await using lab = await createLab({ name: 'rehearsal' });
    await configurePlainHost(lab);
    await migrateWithoutLoss(lab);
    await using probe = await startUdpProbe(lab, {
      clientNs: lab.farNs,
      serverNs: lab.hostNs,
      targets: HOST,
      rateHz: RATE_HZ,
    });
    const beside = { clientNs: lab.farNs, serverNs: lab.gatewayNs, targets: [LAB_ADDRESSES.gateway4], rateHz: RATE_HZ };
    await using clock = await startUdpProbe(lab, beside);
    await probe.progress(100);
    lab.pauseVswitchd();
    const pausedMs = performance.now();
    await clock.progress(100); // 200 ms on a way without the bridge
    const resumedMs = performance.now();
    lab.resumeVswitchd();
    await probe.progress(500);
    for (const result of Object.values(await probe.stop())) {
      // what the tap and the packet socket have kept comes late, the rest not at all
      const quietMs = Math.max(result.longestGapMs, result.rttMaxMs ?? 0);
      expect(quietMs).toBeGreaterThan(resumedMs - pausedMs - result.longestSendStallMs - 10);
    }
    expect((await clock.stop())[LAB_ADDRESSES.gateway4]).toMatchObject({ lost: 0 });
  });

  it('the order of Antrea loses packets in both families, so the probe can fail', async () => {
    await using lab = await createLab({ name: 'rehearsal' });
    await configurePlainHost(lab);
    for (const result of await measured(lab, () => migrateInAntreasOrder(lab))) {
      expect(result.lost).toBeGreaterThan(10);
      expect(result.longestGapMs).toBeGreaterThan(10);
      expect(result.lostSpans.length).toBeGreaterThan(0);
    }
  });
});

/** Results of both directions and families around `change`. */
async function measured(lab: Lab, change: () => Promise<void>): Promise<UdpProbeResult[]> {
  const ends = { rateHz: RATE_HZ, startTimeoutMs: 10_000 };
  await using inward = await startUdpProbe(lab, { clientNs: lab.farNs, serverNs: lab.hostNs, targets: HOST, ...ends });
  await using outward = await startUdpProbe(lab, { clientNs: lab.hostNs, serverNs: lab.farNs, targets: FAR, ...ends });
  await Promise.all([inward.progress(100), outward.progress(100)]);
  await change();
  await Promise.all([inward.progress(500), outward.progress(500)]);
  const results = [await inward.stop(), await outward.stop()];
  return results.flatMap(result => Object.values(result));
}

async function migrateWithoutLoss(lab: Lab): Promise<void> {
  const [uplink, hostPort] = ['eth0~', 'eth0'];
  const { address } = (JSON.parse(await lab.hostIp('-j', 'link', 'show', hostPort)) as { address: string }[])[0]!;
  await lab.hostIp('link', 'set', hostPort, 'name', uplink);
  await addHostPort(lab, hostPort, address);
  await inHost(lab, 'sysctl', '-qw', `net.ipv4.conf.${hostPort}.rp_filter=2`);
  await lab.hostIp('link', 'set', hostPort, 'up');
  await lab.hostIp('addr', 'add', '10.9.0.2/24', 'dev', hostPort, 'noprefixroute');
  await lab.hostIp('addr', 'add', '2001:db8:9::2/64', 'dev', hostPort, 'nodad', 'noprefixroute');
  await lab.vsctl('add-port', 'br-ext', uplink);
  await replaceRoutes(lab, hostPort, '-4');
  const drop = `table netdev ovs_uplink { chain uplink { type filter hook ingress device "${uplink}" priority 0; policy drop; }; }`;
  await lab.run(lab.hostNs, ['nft', '-f', '-'], { input: drop, check: true });
  await replaceRoutes(lab, hostPort, '-6');
  await lab.hostIp('addr', 'del', '10.9.0.2/24', 'dev', uplink);
  await lab.hostIp('addr', 'del', '2001:db8:9::2/64', 'dev', uplink);
}

async function restoreWithoutLoss(lab: Lab): Promise<void> {
  const [uplink, hostPort] = ['eth0~', 'eth0'];
  await lab.hostIp('addr', 'add', '10.9.0.2/24', 'dev', uplink, 'noprefixroute');
  await lab.hostIp('addr', 'add', '2001:db8:9::2/64', 'dev', uplink, 'nodad', 'noprefixroute');
  await inHost(lab, 'nft', 'delete', 'table', 'netdev', 'ovs_uplink');
  await replaceRoutes(lab, uplink, '-4');
  await replaceRoutes(lab, uplink, '-6');
  await lab.vsctl('del-port', 'br-ext', uplink);
  await lab.hostIp('addr', 'del', '10.9.0.2/24', 'dev', hostPort);
  await lab.hostIp('addr', 'del', '2001:db8:9::2/64', 'dev', hostPort);
  await lab.vsctl('del-br', 'br-ext');
  await lab.hostIp('link', 'set', uplink, 'name', hostPort);
}

async function migrateInAntreasOrder(lab: Lab): Promise<void> {
  const [uplink, hostPort] = ['eth0~', 'eth0'];
  const { address } = (JSON.parse(await lab.hostIp('-j', 'link', 'show', hostPort)) as { address: string }[])[0]!;
  await lab.hostIp('link', 'set', hostPort, 'down');
  await lab.hostIp('link', 'set', hostPort, 'name', uplink);
  await lab.hostIp('link', 'set', uplink, 'up');
  await using watch = await watchKernel(lab.hostNs, ['link']);
  await addHostPort(lab, hostPort, address);
  await watch.event(line => line.includes(` ${hostPort}: `));
  await lab.hostIp('link', 'set', hostPort, 'up');
  await lab.hostIp('addr', 'add', '10.9.0.2/24', 'dev', hostPort);
  await lab.hostIp('addr', 'add', '2001:db8:9::2/64', 'dev', hostPort);
  await lab.hostIp('addr', 'del', '10.9.0.2/24', 'dev', uplink);
  await lab.hostIp('-4', 'route', 'replace', 'default', 'via', LAB_ADDRESSES.gateway4, 'dev', hostPort);
  await lab.hostIp('-6', 'route', 'replace', 'default', 'via', LAB_ADDRESSES.gateway6, 'dev', hostPort);
  await lab.vsctl('add-port', 'br-ext', uplink);
}

async function addHostPort(lab: Lab, name: string, mac: string): Promise<void> {
  const bridge = ['add-br', 'br-ext', '--', 'set', 'bridge', 'br-ext', 'datapath_type=netdev'];
  const port = ['--', 'add-port', 'br-ext', name, '--', 'set', 'interface', name, 'type=internal', `mac="${mac}"`];
  await lab.vsctl(...bridge, ...port);
}

async function replaceRoutes(lab: Lab, link: string, family: '-4' | '-6'): Promise<void> {
  const routes = {
    '-4': [
      `route replace 10.9.0.0/24 dev ${link} src 10.9.0.2 proto kernel scope link`,
      `route replace default via 10.9.0.1 dev ${link}`,
    ],
    '-6': [
      `route replace 2001:db8:9::/64 dev ${link} proto kernel metric 256`,
      `route replace default via 2001:db8:9::1 dev ${link}`,
    ],
  };
  const input = `${routes[family].join('\n')}\n`;
  await lab.run(lab.hostNs, ['ip', family, '-batch', '-'], { input, check: true });
}

async function inHost(lab: Lab, ...argv: string[]): Promise<void> {
  await lab.run(lab.hostNs, argv, { check: true });
}
