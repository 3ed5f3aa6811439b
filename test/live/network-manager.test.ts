import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { type LabNetworkManager, networkManagerNeeds, startNetworkManager } from '../lab/network-manager.ts';
import { STATIC_PROFILE } from '../lab/network-manager-profile.ts';
import { writeSysctls } from '../lab/topology.ts';
import { type CliResult, runCli } from './support/cli.ts';
import { captureTimed, diffTimed } from './support/unchanged.ts';

const UPLINK = ['-i', 'eth0'];
const PROFILES = { 'uplink.nmconnection': STATIC_PROFILE };

/** A lab in which addresses are there for good at once. */
async function labWithoutDad(): Promise<Lab> {
  const lab = await createLab({ name: 'nm' });
  await writeSysctls(lab.hostNs, { 'net/ipv6/conf/eth0/accept_dad': '0' });
  return lab;
}

/** Runs a command that must succeed where NetworkManager is seen. */
async function succeed({ host }: LabNetworkManager, args: readonly string[]): Promise<CliResult> {
  const run = await runCli(host, args);
  expect(run.code, JSON.stringify(run.outcome) + run.stderr).toBe(0);
  return run;
}

async function driftOf(manager: LabNetworkManager): Promise<readonly string[]> {
  const { objects } = await succeed(manager, ['status']);
  return objects.flatMap(object => object.status?.drift ?? []);
}

/** Device, state and profile, one line each. */
async function devices(manager: LabNetworkManager): Promise<string[]> {
  return (await manager.nmcli('--terse', '--fields', 'DEVICE,STATE,CONNECTION', 'device')).split('\n');
}

/** What programs on the host ask for names. */
async function nameServers(manager: LabNetworkManager): Promise<string[]> {
  const text = await readFile(`${manager.root}/etc/resolv.conf`, 'utf8');
  return [...text.matchAll(/^nameserver (.*)$/gm)].map(([, server]) => server!);
}

describeLive(
  'an uplink that NetworkManager manages',
  () => {
    it('host-port: its restart and nmcli con up change nothing, and it has the uplink as before after the restore', async () => {
      await using lab = await labWithoutDad();
      await using manager = await startNetworkManager(lab, { profiles: PROFILES });
      const before = await captureTimed(lab);
      await succeed(manager, ['migrate', ...UPLINK, '-b', 'br-ext']);
      await manager.stop();
      await manager.start();
      // The host port is no ethernet, and the uplink has another name.
      await expect(manager.nmcli('con', 'up', 'uplink')).rejects.toThrow('No suitable device');
      expect(await driftOf(manager)).toEqual([]);
      expect(await devices(manager)).toContain('eth0~:unmanaged:');
      expect(await nameServers(manager)).toEqual(['192.0.2.53']);
      expect((await succeed(manager, ['migrate', ...UPLINK, '-b', 'br-ext'])).outcome?.alreadyDone).toBe(true);
      await succeed(manager, ['restore', ...UPLINK]);
      expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
      expect(await devices(manager)).toContain('eth0:connected:uplink');
      expect(await nameServers(manager)).toEqual(['192.0.2.53']);
    });

    it('bridge-port: nmcli con up takes the uplink back; that is drift, which the next migrate repairs', async () => {
      await using lab = await labWithoutDad();
      await using manager = await startNetworkManager(lab, { profiles: PROFILES });
      const before = await captureTimed(lab);
      const migrate = ['migrate', ...UPLINK, '-b', 'br-ext', '--layout', 'bridge-port'];
      await succeed(manager, migrate);
      await manager.nmcli('con', 'up', 'uplink');
      expect(await driftOf(manager)).toContain('NetworkManager manages eth0 again');
      await succeed(manager, migrate);
      expect(await driftOf(manager)).toEqual([]);
      expect(await devices(manager)).toContain('eth0:unmanaged:');
      await succeed(manager, ['restore', ...UPLINK]);
      expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
      expect(await devices(manager)).toContain('eth0:connected:uplink');
    });

    it('a bus that is stopped delays the start by less than half a second and is told; without a bus nothing is', async () => {
      await using lab = await labWithoutDad();
      await using manager = await startNetworkManager(lab, { profiles: PROFILES });
      const plan = async () => {
        const { objects } = await runCli(manager.host, ['plan', ...UPLINK, '-b', 'br-ext']);
        const report = objects.flatMap(object => (object.plan === undefined ? [] : [object.plan]))[0]!;
        return report.findings.filter(finding => finding.code === 'owner-silent');
      };
      manager.pauseBus();
      // A machine that is busy with something else is slow by itself: the best of some readings counts.
      let readMs = Infinity;
      for (let attempt = 0; attempt < 3 && readMs >= 500; attempt += 1) {
        const silent = await plan();
        expect(silent.map(finding => finding.culprit)).toContain('NetworkManager');
        readMs = Math.min(readMs, Number(/asked for (\d+) ms/.exec(silent[0]!.message)![1]));
      }
      expect(readMs).toBeLessThan(500);
      await manager.stopBus();
      expect(await plan()).toEqual([]);
    });
  },
  networkManagerNeeds(),
);
