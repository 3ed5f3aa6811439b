import { expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { startUdpProbe } from '../lab/probe.ts';
import { raiseLink } from '../lab/topology.ts';
import { addressOnSwitch, ipBatch, makeTwoPorts, SWITCH } from '../lab/two-ports.ts';
import { watchKernel } from '../lab/watch.ts';
import { runCli } from './support/cli.ts';
import { captureEverything, captureTimed, diffTimed, expectUnchanged } from './support/unchanged.ts';

const REQUEST = ['-i', 'port0', '-b', 'br-ext', '--bond-member', 'port1'];
const CAPTURE = { linkName: 'port0' };

describeLive('an uplink that becomes a bond of Open vSwitch', () => {
  it('goes on over the other link when the uplink loses its carrier, also through another migrate, and comes back', async () => {
    await using lab = await createLab({ name: 'bond' });
    await useTwoPorts(lab);
    const before = await captureTimed(lab, CAPTURE);
    const ends = { clientNs: lab.hostNs, serverNs: lab.gatewayNs };
    await using probe = await startUdpProbe(lab, { ...ends, targets: Object.values(SWITCH), rateHz: 100 });

    expect(await codeOf(lab, ['migrate', ...REQUEST])).toBe(0);
    await probe.progress(20);
    expect(await bondOf(lab, 'port0~')).toMatchObject({ mode: 'active-backup', active: 'port0~' });
    expect(await lab.vsctl('list-ports', 'br-ext')).toBe('port0\nport0~');
    expect(await statusOf(lab)).toEqual({ drift: [], bond: { 'port0~': null, port1: null } });

    await using watch = await watchKernel(lab.hostNs, ['link']);
    await ipBatch(lab.gatewayNs, ['link set swp0 down']);
    await watch.event(line => line.includes('port0~') && line.includes('NO-CARRIER'));
    await probe.progress(20);
    expect(await bondOf(lab, 'port0~')).toMatchObject({ active: 'port1' });
    expect(await statusOf(lab)).toEqual({ drift: [], bond: { 'port0~': 'no carrier', port1: null } });
    // Something else has drifted: to put it right needs no uplink either.
    await lab.hostIp('addr', 'del', '10.29.0.2/24', 'dev', 'port0');
    expect(await codeOf(lab, ['migrate', ...REQUEST])).toBe(0);
    await probe.progress(20);
    await ipBatch(lab.gatewayNs, ['link set swp0 up']);
    await watch.event(line => line.includes('port0~') && line.includes('LOWER_UP'));

    expect(await codeOf(lab, ['restore', '-i', 'port0'])).toBe(0);
    await probe.progress(20);
    expect(diffTimed(before, await captureTimed(lab, CAPTURE))).toEqual([]);
  });

  it('does without a member that is taken away, and without ovs-vswitchd on the way back', async () => {
    await using lab = await createLab({ name: 'bonk' });
    await useTwoPorts(lab);
    const before = await captureTimed(lab, CAPTURE);
    expect(await codeOf(lab, ['migrate', ...REQUEST, '--layout', 'bridge-port', '--bond-mode', 'balance-slb'])).toBe(0);
    expect(await bondOf(lab, 'port0')).toMatchObject({ mode: 'balance-slb' });
    await lab.stopVswitchd('SIGKILL');
    expect(await codeOf(lab, ['restore', '-i', 'port0'])).toBe(0);
    await lab.startVswitchd();
    // The link of the userspace datapath outlives an ovs-vswitchd that was killed. All else is as it was, the flags of the member, too.
    const left = diffTimed(before, await captureTimed(lab, CAPTURE)).filter(line => !line.includes('ovs-netdev'));
    expect(left).toEqual([]);

    expect(await codeOf(lab, ['migrate', ...REQUEST])).toBe(0);
    await lab.hostIp('link', 'del', 'port1');
    expect(await statusOf(lab)).toEqual({ drift: [], bond: { 'port0~': null, port1: 'it is gone' } });
    expect(await codeOf(lab, ['migrate', ...REQUEST])).toBe(0);
    expect(await codeOf(lab, ['restore', '-i', 'port0'])).toBe(0);
    expect(await lab.vsctl('list-br')).toBe('');
  });

  it('is refused with a member that is used otherwise, and nothing is changed', async () => {
    await using lab = await createLab({ name: 'bonx' });
    await useTwoPorts(lab);
    await lab.hostIp('addr', 'add', '10.31.0.2/24', 'dev', 'port1');
    const before = await captureEverything(lab);
    const { code, outcome } = await runCli(lab, ['migrate', ...REQUEST]);
    expect(code).toBe(3);
    const unfit = outcome?.findings.find(each => each.code === 'bond-member-unfit');
    expect(unfit?.message).toBe('port1 cannot be a member of the bond: it has 10.31.0.2');
    await expectUnchanged(lab, before);
  });
});

/** port0 with the host's addresses and its way out, and port1 with nothing, to the same switch. */
async function useTwoPorts(lab: Lab): Promise<void> {
  await makeTwoPorts(lab);
  await addressOnSwitch(lab, 'port0');
  await raiseLink(lab.hostNs, 'port1');
  await ipBatch(lab.hostNs, [`route add default via ${SWITCH.gateway4}`, `route add ::/0 via ${SWITCH.gateway6}`]);
}

async function codeOf(lab: Lab, args: readonly string[]): Promise<number | string> {
  const { code, stdout, stderr } = await runCli(lab, args);
  return code === 0 ? 0 : stdout + stderr;
}

async function statusOf(lab: Lab) {
  const [status] = (await runCli(lab, ['status'])).objects.map(object => object.status);
  return {
    drift: status?.drift,
    bond: Object.fromEntries((status?.bond ?? []).map(({ name, problem }) => [name, problem])),
  };
}

async function bondOf(lab: Lab, port: string) {
  const { stdout } = await lab.run(lab.hostNs, ['ovs-appctl', 'bond/show', port], { check: true });
  return {
    mode: /^bond_mode: (.*)$/m.exec(stdout)?.[1],
    active: /^active member mac: \S+\((.*)\)$/m.exec(stdout)?.[1],
  };
}
