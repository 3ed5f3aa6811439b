import { expect, it } from 'vitest';
import type { OwnerRequest } from '../../src/domain/effect.ts';
import { openSystemBus, type SystemBus } from '../../src/host/owners/bus/system-bus.ts';
import { ownsNow, shieldFromNetworkd } from '../../src/host/owners/networkd/hand-over.ts';
import type { NetworkdMeans } from '../../src/host/owners/networkd/means.ts';
import { settle } from '../../src/host/owners/networkd/network1.ts';
import { readNetworkd } from '../../src/host/owners/networkd/read-networkd.ts';
import { dhcpNeeds, LEASES, startDhcpServer } from '../lab/dhcp.ts';
import { createLab, LAB_ADDRESSES, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { type LabNetworkd, networkdNeeds, startNetworkd } from '../lab/networkd.ts';
import { startUdpProbe } from '../lab/probe.ts';
import { watchKernel } from '../lab/watch.ts';
import { runCli } from './support/cli.ts';
import { captureTimed, diffTimed, type TimedImage } from './support/unchanged.ts';

const { far4, far6 } = LAB_ADDRESSES;
const STATIC = `[Network]
Address=10.9.0.2/24
Address=10.9.0.3/24
Address=2001:db8:9::2/64
Gateway=10.9.0.1
Gateway=2001:db8:9::1
IPv6AcceptRA=no
[Route]
Destination=198.51.100.0/24
Gateway=10.9.0.1
Table=100
[RoutingPolicyRule]
From=10.9.0.3
Table=100
Priority=1000
`;

describeLive('systemd-networkd that configures the uplink', () => {
  it('configures a host port with the uplink’s name by itself, and not when it is shielded', async () => {
    await using scene = await stage('10-uplink.network', `[Match]\nName=eth0\n${STATIC}`);
    const { lab, means, bus, networkd } = scene;
    const request = await requestFor(lab, networkd, 'eth0');
    await lab.hostIp('link', 'set', 'eth0', 'name', 'eth0~');
    const make = async () => {
      await using watch = await watchKernel(lab.hostNs, ['link']);
      const port = ['add-br', 'br-ext', '--', 'set', 'bridge', 'br-ext', 'datapath_type=netdev'];
      await lab.vsctl(...port, '--', 'add-port', 'br-ext', 'eth0', '--', 'set', 'interface', 'eth0', 'type=internal');
      const line = await watch.event(one => /^\d+: eth0: /.test(one));
      return Number(/^(\d+):/.exec(line)?.[1]);
    };
    const configured = { index: await make(), name: 'eth0', states: ['configured'] };
    expect(await settle([configured], bus, 10_000)).toBe(true);
    expect(await lab.hostIp('-4', 'route', 'show', 'default')).toMatch(
      /dev eth0 .*\n.*dev eth0~ |dev eth0~ .*\n.*dev eth0 /,
    );

    await lab.vsctl('del-br', 'br-ext');
    await lab.hostIp('link', 'set', 'eth0~', 'name', 'eth0');
    await shieldFromNetworkd(request, means);
    await lab.hostIp('link', 'set', 'eth0', 'name', 'eth0~');
    expect((await readNetworkd(request.link, means)).prepared).toBe('shielded');
    const ignored = { index: await make(), name: 'eth0', states: ['unmanaged'] };
    expect(await settle([ignored], bus, 10_000)).toBe(true);
    expect(await ownsNow(request.link, means)).toBe(true);
  });

  it('static: goes on with the host port and takes the uplink back without a loss, a restart of networkd in between', async () => {
    await using scene = await stage('10-uplink.network', `[Match]\nName=eth0\n${STATIC}`);
    const { lab, means, networkd } = scene;
    // Somebody else's, which networkd removes whenever it configures a link in its own way.
    await lab.hostIp('route', 'add', '203.0.113.0/24', 'via', '10.9.0.1');
    await lab.hostIp('rule', 'add', 'from', '10.9.0.77', 'lookup', '100', 'priority', '2000');
    const before = await captureTimed(lab);
    const ends = { clientNs: lab.hostNs, serverNs: lab.farNs };
    await using probe = await startUdpProbe(lab, { ...ends, targets: [far4, far6], rateHz: 100 });

    await expectDone(networkd.host, ['migrate', '-i', 'eth0', '-b', 'br-ext']);
    const uplink = { index: 10, name: 'eth0~' };
    expect(await readNetworkd(uplink, means)).toMatchObject({
      prepared: 'released',
      uplink: { setupState: 'unmanaged', networkFile: null },
    });
    expect(await networkd.networkctl('status', 'eth0')).toContain('00-ovs-uplink-10-1-host-port.network');
    const moved = await captureTimed(lab);
    await networkd.stop();
    await networkd.start();
    await networkd.online('eth0', 'routable');
    expect(diffKernel(moved, await captureTimed(lab))).toEqual([]);
    expect((await runCli(networkd.host, ['status'])).objects).toMatchObject([
      { status: { state: 'committed', drift: [] } },
    ]);

    await expectDone(networkd.host, ['restore', '-i', 'eth0']);
    expect(await readNetworkd({ ...uplink, name: 'eth0' }, means)).toMatchObject({
      prepared: 'no',
      uplink: { setupState: 'configured', networkFile: '/etc/systemd/network/10-uplink.network' },
    });
    expect(diffKernel(before, await captureTimed(lab))).toEqual([]);
    // A route and a source address at every moment; losses of the userspace datapath beside other tests are for the bench.
    const noErrors = { sendErrors: 0, sendErrorCodes: [] };
    expect(await probe.stop()).toMatchObject({ [far4]: noErrors, [far6]: noErrors });
  });

  it('DHCP, matched by MAC: the same leases are renewed from the host port, later from the uplink, and never released', async () => {
    const match = (mac: string) => `[Match]\nMACAddress=${mac}\n[Network]\nDHCP=yes\nIPv6AcceptRA=no\n`;
    await using scene = await stage('10-uplink.network', mac => `${match(mac)}[DHCPv6]\nWithoutRA=solicit\n`);
    const { lab, means, networkd, server } = scene;
    await server.heard(({ message }) => message === 'DHCPREPLY');
    const [lease4, lease6] = await leases(lab, 'eth0');
    const renewed = async (since: number) => {
      await server.heard(({ text }) => text.includes('DHCPACK') && text.includes(`${lease4}`), { since });
      await server.heard(({ text }) => text.includes('DHCPREPLY') && text.includes(`${lease6}`), { since });
    };

    const beforeMove = server.lines.length;
    await expectDone(networkd.host, ['migrate', '-i', 'eth0', '-b', 'br-ext', '--layout', 'bridge-port']);
    await renewed(beforeMove);
    expect(await leases(lab, 'br-ext')).toEqual([lease4, lease6]);
    expect(await ownsNow({ index: 10, name: 'eth0' }, means)).toBe(false);

    const beforeReturn = server.lines.length;
    await expectDone(networkd.host, ['restore', '-i', 'eth0']);
    await renewed(beforeReturn);
    expect(await leases(lab, 'eth0')).toEqual([lease4, lease6]);
    expect(await ownsNow({ index: 10, name: 'eth0' }, means)).toBe(true);
    expect(server.lines.filter(({ message }) => /RELEASE|NAK|DECLINE/.test(message))).toEqual([]);
  });
}, [...networkdNeeds(), ...dhcpNeeds()]);

interface Scene extends AsyncDisposable {
  readonly lab: Lab;
  readonly networkd: LabNetworkd;
  readonly server: Awaited<ReturnType<typeof startDhcpServer>>;
  readonly bus: SystemBus;
  readonly means: NetworkdMeans;
}

/** A lab whose uplink networkd has configured. */
async function stage(file: string, text: string | ((mac: string) => string)): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const lab = stack.use(await createLab({ name: 'netd' }));
  const server = stack.use(await startDhcpServer(lab));
  const networkFiles = { [file]: typeof text === 'string' ? text : text(await macOf(lab, 'eth0')) };
  const networkd = stack.use(await startNetworkd(lab, { networkFiles }));
  await networkd.online('eth0', 'routable');
  const bus = stack.use(await openSystemBus({ address: networkd.address, limitMs: 2000 }));
  if (bus === undefined) throw new Error('no bus');
  const made = stack.move();
  const means = { root: networkd.root, netns: networkd.netns, bus };
  return { lab, networkd, server, bus, means, [Symbol.asyncDispose]: () => made.disposeAsync() };
}

async function expectDone(lab: Lab, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await runCli(lab, args, { guard: 'default' });
  expect(code, stdout + stderr).toBe(0);
}

/** Counters in OVSDB move by themselves. */
function diffKernel(before: TimedImage, after: TimedImage): string[] {
  return diffTimed({ ...before, ovsRows: [] }, { ...after, ovsRows: [] });
}

/** Addresses of a link that are the DHCP server's. */
async function leases(lab: Lab, link: string): Promise<readonly string[]> {
  const shown = JSON.parse(await lab.hostIp('-j', 'addr', 'show', link)) as { addr_info: { local: string }[] }[];
  const [prefix4, prefix6] = [LEASES.first4.slice(0, -1), LEASES.first6.slice(0, -1)];
  return shown[0]!.addr_info.map(({ local }) => local).filter(a => a.startsWith(prefix4) || a.startsWith(prefix6));
}

async function requestFor(lab: Lab, networkd: LabNetworkd, hostPort: string): Promise<OwnerRequest> {
  const [link] = JSON.parse(await lab.hostIp('-j', 'link', 'show', 'eth0')) as { ifindex: number }[];
  const ref = { index: link!.ifindex, name: 'eth0' };
  const { uplink } = await readNetworkd(ref, { root: networkd.root, netns: networkd.netns });
  return {
    owner: 'systemd-networkd',
    link: ref,
    originalName: 'eth0',
    hostPort,
    bridge: 'br-ext',
    network: { file: uplink!.networkFile!, text: uplink!.networkText! },
    profile: null,
  };
}

async function macOf(lab: Lab, link: string): Promise<string> {
  return (JSON.parse(await lab.hostIp('-j', 'link', 'show', link)) as { address: string }[])[0]!.address;
}
