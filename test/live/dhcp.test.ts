import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Layout } from '../../src/domain/layout.ts';
import type { DhcpClient } from '../../src/domain/owners.ts';
import type { DhcpHandOver } from '../../src/host/owners/processes/hand-over-dhcp.ts';
import {
  type DhcpLine,
  dhcpNeeds,
  type LabDhcpServer,
  startDhclient,
  startDhcpServer,
  startUdhcpc,
} from '../lab/dhcp.ts';
import { type CommandResult, createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { watchKernel } from '../lab/watch.ts';
import { runCli } from './support/cli.ts';

const PROCESS = fileURLToPath(new URL('../host/owners/processes/hand-over-process.ts', import.meta.url));
/** The shortest that dnsmasq tells its clients. */
const RENEW_S = 3;
/** Later than a migration takes: a renewal in its midst would put the address on the uplink again, which is another test's matter. */
const SLOW_RENEW_S = 8;
const RENEWAL_TIMEOUT_MS = 20_000;

describeLive(
  'a host with an address by DHCP',
  () => {
    it.concurrent('host-port: dhclient goes on by the name, and renews its lease after the migration and after the restore', async () => {
      await using lab = await createLab({ name: 'dhcl' });
      await using server = await startDhcpServer(lab, { renewS: RENEW_S });
      const client = await startDhclient(lab);
      const pid = await client.pid();
      const address = await leasedAddress(lab);

      await migrate(lab, 'host-port');
      await expectRenewal(lab, address, 'eth0');
      expect(await linksWith(lab, address)).toEqual(['eth0']);
      await restore(lab);
      await expectRenewal(lab, address, 'eth0');

      expect(await linksWith(lab, address)).toEqual(['eth0']);
      expect((await clientsOf(lab)).map(one => one.pid)).toEqual([pid]);
      expect(server.lines.filter(isRelease)).toEqual([]);
    });

    it.concurrent('bridge-port: dhclient goes on with the bridge without a release, and with the uplink afterwards', async () => {
      await using lab = await createLab({ name: 'dhbr' });
      await using server = await startDhcpServer(lab, { renewS: SLOW_RENEW_S });
      await startDhclient(lab);
      const address = await leasedAddress(lab);
      const clients = await clientsOf(lab);
      expect(clients).toMatchObject([{ program: 'dhclient', link: 'eth0', family: 4, unit: null }]);

      await migrate(lab, 'bridge-port');
      const there = await clientsOf(lab);
      expect(there).toMatchObject([{ program: 'dhclient', link: 'br-ext' }]);
      await expectRenewal(lab, address, 'br-ext');
      expect(await linksWith(lab, address)).toEqual(['br-ext']);
      expect(await clientsOf(lab)).toEqual(there);

      await restore(lab);
      const back = await clientsOf(lab);
      await expectRenewal(lab, address, 'eth0');
      expect(await linksWith(lab, address)).toEqual(['eth0']);
      expect(back).toEqual([{ ...clients[0], pid: back[0]?.pid }]);
      expect(server.lines.filter(isRelease)).toEqual([]);
    });

    it.concurrent('a hand-over that is called again changes nothing but that the client goes on, and one that nobody answers is taken back', async () => {
      await using lab = await createLab({ name: 'dhno', ovs: 'none' });
      await using server = await startDhcpServer(lab, { renewS: SLOW_RENEW_S });
      const client = await startDhclient(lab);
      const address = await leasedAddress(lab);
      const clients = await clientsOf(lab);
      await lab.hostIp('link', 'add', 'nowhere', 'up', 'type', 'veth', 'peer', 'name', 'nobody');
      await lab.hostIp('link', 'set', 'nobody', 'up');

      const kept = [{ result: 'kept', client: clients[0], pid: clients[0]?.pid }];
      expect(await handOver(lab, clients, 'nowhere', 'eth0')).toEqual(kept);
      // As a run leaves it that is killed while another client is tried.
      process.kill(await client.pid(), 'SIGSTOP');
      expect(await clientsOf(lab)).toEqual([]);
      expect(await handOver(lab, clients, 'nowhere', 'eth0')).toEqual(kept);
      expect(await clientsOf(lab)).toEqual(clients);

      const { code, stderr } = await handOverProcess(lab, clients, 'eth0', 'nowhere', '1500');
      expect([code, stderr]).toEqual([1, expect.stringContaining('TimeoutError')]);

      // What was tried is gone, and the one before is not held up any more.
      expect(await clientsOf(lab)).toEqual(clients);
      expect(await client.pid()).toBe(clients[0]?.pid);
      await expectRenewal(lab, address, 'eth0');
      expect(await linksWith(lab, address)).toEqual(['eth0']);
      expect(server.lines.filter(isRelease)).toEqual([]);
    });

    it.concurrent('host-port: udhcpc goes on by the name, and renews its lease after the migration and after the restore', async () => {
      await using lab = await createLab({ name: 'udhc' });
      await using server = await startDhcpServer(lab);
      const client = await startUdhcpc(lab);
      const pid = await client.pid();
      const address = await leasedAddress(lab);

      await migrate(lab, 'host-port');
      await renewNow(server, pid, address);
      expect(await linksWith(lab, address)).toEqual(['eth0']);
      await restore(lab);
      await renewNow(server, pid, address);

      expect(await linksWith(lab, address)).toEqual(['eth0']);
      const undone = (await client.scriptCalls()).filter(call => !/^(bound|renew) /.test(call));
      expect(undone, 'only the one at the very start').toEqual(['deconfig eth0']);
      expect(server.lines.filter(isRelease)).toEqual([]);
    });
  },
  dhcpNeeds('dhclient', 'udhcpc'),
);

async function migrate(lab: Lab, layout: Layout): Promise<void> {
  const { code, stdout } = await runCli(lab, ['migrate', '-i', 'eth0', '-b', 'br-ext', '--layout', layout]);
  expect(code, stdout).toBe(0);
}

async function restore(lab: Lab): Promise<void> {
  const { code, stdout } = await runCli(lab, ['restore', '-i', 'eth0']);
  expect(code, stdout).toBe(0);
}

/** Resolves when the kernel's address has the whole lease before it again: dnsmasq's shortest, 120 s. */
async function expectRenewal(lab: Lab, address: string, link: string): Promise<void> {
  await using watch = await watchKernel(lab.hostNs, ['address']);
  const isWhole = (line: string) => line.includes(` ${address}/24 `) && line.includes('valid_lft 120sec');
  await watch.event(line => line.includes(`: ${link} `) && isWhole(line), { timeoutMs: RENEWAL_TIMEOUT_MS });
}

/** BusyBox takes no time from the server: it is told to renew (udhcpc(8)), and puts no lifetime on the address. */
async function renewNow(server: LabDhcpServer, pid: number, address: string): Promise<void> {
  const acknowledged = server.nextAck();
  process.kill(pid, 'SIGUSR1');
  expect((await acknowledged).text).toContain(` ${address} `);
}

async function leasedAddress(lab: Lab): Promise<string> {
  const line = await lab.hostIp('-4', '-o', 'addr', 'show', 'dev', 'eth0', 'scope', 'global');
  return /inet ([0-9.]+)\//.exec(line)?.[1] ?? 'none';
}

async function linksWith(lab: Lab, address: string): Promise<string[]> {
  const lines = (await lab.hostIp('-4', '-o', 'addr')).split('\n');
  return lines.filter(line => line.includes(` ${address}/`)).map(line => line.split(/\s+/)[1] ?? '');
}

async function clientsOf(lab: Lab): Promise<readonly DhcpClient[]> {
  const { stdout } = await lab.run(lab.hostNs, [process.execPath, PROCESS], { check: true });
  return JSON.parse(stdout) as DhcpClient[];
}

async function handOver(lab: Lab, clients: readonly DhcpClient[], from: string, to: string): Promise<DhcpHandOver[]> {
  const { code, stdout, stderr } = await handOverProcess(lab, clients, from, to, '20000');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as DhcpHandOver[];
}

/** The hand-over alone, in the host's namespace. */
function handOverProcess(lab: Lab, clients: readonly DhcpClient[], ...args: readonly string[]): Promise<CommandResult> {
  return lab.run(lab.hostNs, [process.execPath, PROCESS, JSON.stringify(clients), ...args]);
}

function isRelease({ message }: DhcpLine): boolean {
  return message === 'DHCPRELEASE' || message === 'DHCPDECLINE';
}
