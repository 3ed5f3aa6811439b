import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refuseDhcpHandOver } from '../../../../src/domain/dhcp/dhcp-refusal.ts';
import type { DhcpClient } from '../../../../src/domain/owners.ts';
import { readDhcpClients } from '../../../../src/host/owners/processes/dhcp-clients.ts';
import { readTeamd } from '../../../../src/host/owners/processes/teamd.ts';
import { type FakeProcess, putFile, putProcesses } from './fake-proc.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ovs-uplink-processes-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const LINKS = [
  { index: 1, name: 'lo' },
  { index: 2, name: 'eth0' },
  { index: 3, name: 'eth1' },
];

async function clients(...processes: readonly FakeProcess[]): Promise<readonly DhcpClient[]> {
  await putProcesses(root, processes);
  return await readDhcpClients(LINKS, { root });
}

async function client(argv: string, more: Partial<FakeProcess> = {}): Promise<DhcpClient | undefined> {
  const found = await clients({ pid: 100, argv: argv.split(' '), ...more });
  expect(found.length).toBeLessThan(2);
  return found[0];
}

describe('the link of a DHCP client', () => {
  const CASES: readonly [argv: string, program: DhcpClient['program'], link: string | null, family: 4 | 6 | null][] = [
    [
      '/sbin/dhclient -4 -v -i -pf /run/dhclient.eth0.pid -lf /var/lib/dhcp/dhclient.eth0.leases -I -df /x eth0',
      'dhclient',
      'eth0',
      4,
    ],
    ['dhclient -6 -nw -cf /etc/eth1 eth0', 'dhclient', 'eth0', 6],
    ['dhclient -1 -q -R subnet-mask,routers -timeout 30 eth1', 'dhclient', 'eth1', 4],
    ['dhclient -e IF_METRIC=100 later0', 'dhclient', 'later0', 4],
    ['dhclient', 'dhclient', null, 4],
    ['udhcpc -n -p /run/udhcpc.eth1.pid -i eth1', 'udhcpc', 'eth1', 4],
    ['udhcpc -fi eth1 -s /x', 'udhcpc', 'eth1', 4],
    ['udhcpc --interface=eth1 --background', 'udhcpc', 'eth1', 4],
    ['udhcpc -a500 -t 3', 'udhcpc', 'eth0', 4],
    ['udhcpc6 -i eth1', 'udhcpc', 'eth1', 6],
    ['/bin/busybox udhcpc -i eth1', 'udhcpc', 'eth1', 4],
    ['dhcpcd -q -b', 'dhcpcd', null, null],
    ['dhcpcd -4 -h host -m 100 eth1', 'dhcpcd', 'eth1', 4],
  ];
  it.each(CASES)('%s', async (argv, program, link, family) => {
    expect(await client(argv)).toMatchObject({ pid: 100, program, link, family, argv: argv.split(' ') });
  });

  it('is read from the title that dhcpcd writes over its arguments, and its helpers are no clients', async () => {
    const title = (pid: number, text: string): FakeProcess => ({ pid, name: 'dhcpcd', argv: [`${text}      `] });
    const found = await clients(
      title(7, 'dhcpcd: eth0 [ip4]'),
      title(8, 'dhcpcd: [privileged proxy] eth0 [ip4]'),
      title(9, 'dhcpcd: [network proxy] 10.9.0.57'),
      title(10, 'dhcpcd: [BPF ARP] eth0 10.9.0.57'),
      title(11, 'dhcpcd: [manager] [ip4] [ip6]'),
    );
    expect(found).toMatchObject([
      { pid: 7, program: 'dhcpcd', link: 'eth0', family: 4 },
      { pid: 11, program: 'dhcpcd', link: null, family: null },
    ]);
  });

  it('is each of those that one client serves', async () => {
    const found = await clients({ pid: 5, argv: ['dhclient', 'eth0', 'eth1'] });
    expect(found.map(({ pid, link }) => [pid, link])).toEqual([
      [5, 'eth0'],
      [5, 'eth1'],
    ]);
  });
});

describe('what is no client of ours', () => {
  it.each([
    'dhclient -r eth0',
    'dhclient -x -pf /run/dhclient.eth0.pid eth0',
    'dhcpcd -k eth0',
    'dhcpcd -n eth0',
    'busybox ash',
    'vim dhclient',
  ])('%s', async argv => {
    expect(await client(argv)).toBeUndefined();
  });

  it('is one of another network namespace, and one that has ended', async () => {
    const found = await clients(
      { pid: 5, argv: ['dhclient', 'eth0'], netns: 'net:[4026532000]' },
      { pid: 6, argv: [], name: 'dhclient' },
    );
    expect(found).toEqual([]);
  });

  it('is nobody where /proc cannot be read', async () => {
    expect(await readDhcpClients(LINKS, { root })).toEqual([]);
  });
});

describe('files of a client', () => {
  it('are those that its options name', async () => {
    expect(await client('dhclient -pf /run/a.pid -lf /var/lib/a.leases eth0')).toMatchObject({
      pidFile: '/run/a.pid',
      leaseFile: '/var/lib/a.leases',
    });
  });

  it('are those of the distribution where no option names them', async () => {
    await putFile(root, 'var/lib/dhclient/dhclient.leases', '');
    expect(await client('dhclient eth0')).toMatchObject({
      pidFile: null,
      leaseFile: '/var/lib/dhclient/dhclient.leases',
    });
  });
});

describe('who would start a client again', () => {
  const UNIT = 'usr/lib/systemd/system';
  it('is a unit that is restarted', async () => {
    await putFile(root, `${UNIT}/dhclient@.service`, '[Service]\nExecStart=/sbin/dhclient -d %I\nRestart=on-failure\n');
    const group = '/system.slice/system-dhclient.slice/dhclient@eth0.service';
    expect((await client('dhclient -d eth0', { controlGroup: group }))?.unit).toBe('dhclient@eth0.service');
  });

  it('is nobody for ifupdown, which only waits for the first lease', async () => {
    await putFile(
      root,
      `${UNIT}/ifup@.service`,
      '[Service]\nType=oneshot\nExecStart=/sbin/ifup %I\nRemainAfterExit=true\n',
    );
    expect((await client('dhclient eth0', { controlGroup: '/system.slice/ifup@eth0.service' }))?.unit).toBeNull();
  });

  it.each([
    ['/user.slice/user-0.slice/session-4.scope', null],
    ['/', null],
    ['/system.slice/NetworkManager.service', 'NetworkManager.service'],
    ['/system.slice/docker-0a1b.scope', 'docker-0a1b.scope'],
    ['/kubepods/burstable/pod7/0a1b', '0a1b'],
    ['/system.slice/gone.service', 'gone.service'],
  ])('of the control group %s is %s', async (controlGroup, unit) => {
    expect((await client('dhclient eth0', { controlGroup }))?.unit).toBe(unit);
  });
});

describe('a hand-over to a host port', () => {
  const CASES: readonly [argv: string, hostPort: string | null, reason: string | undefined][] = [
    ['dhclient eth0', 'eth0', undefined],
    ['dhclient eth0', 'br-ext', undefined],
    ['dhclient eth0', null, undefined],
    ['dhclient eth1', 'br-ext', undefined],
    ['dhclient', 'eth0', undefined],
    ['dhclient', 'br-ext', 'serves-every-link'],
    ['dhclient -6 eth0', 'eth0', 'family-6'],
    ['dhclient -6 eth0', 'br-ext', 'family-6'],
    ['udhcpc -i eth0', 'eth0', undefined],
    ['udhcpc -i eth0', 'br-ext', 'script-clears-the-link'],
    ['dhcpcd eth0', 'eth0', 'follows-the-index'],
    ['dhcpcd', 'br-ext', 'follows-the-index'],
  ];
  it.each(CASES)('of %s called %s: %s', async (argv, hostPort, reason) => {
    expect(refuseDhcpHandOver((await client(argv))!, 'eth0', hostPort)?.reason).toBe(reason);
  });

  it('is refused where other links would be without the client, and where somebody starts it again', async () => {
    const [both] = await clients({ pid: 1, argv: ['dhclient', 'eth0', 'eth1'] });
    expect(refuseDhcpHandOver(both!, 'eth0', 'br-ext')?.reason).toBe('serves-several-links');
    const supervised: DhcpClient = { ...both!, argv: ['dhclient', 'eth0'], unit: 'dhcp.service' };
    expect(refuseDhcpHandOver(supervised, 'eth0', 'br-ext')).toEqual({
      reason: 'supervised',
      text: 'dhclient (pid 1) would be started again for eth0 by dhcp.service',
    });
    expect(refuseDhcpHandOver(supervised, 'eth0', 'eth0')).toBeNull();
  });
});

describe('teamd', () => {
  it.each([
    ['teamd -d -t team0 -f /etc/team0.conf', 41],
    ['/usr/bin/teamd -o -n -U -D -N --team-dev=team0 -gg', 41],
    ['teamd -d -f /etc/team0.conf', 41],
    ['teamd -c {"device":"team0"}', 41],
    ['teamd -t team1', null],
    ['teamd -k -t team0', null],
    ['teamd -f /etc/missing.conf', null],
  ])('%s: pid %s', async (argv, pid) => {
    await putFile(root, 'etc/team0.conf', '{"device": "team0", "runner": {"name": "activebackup"}}');
    await putProcesses(root, [{ pid: 41, argv: argv.split(' ') }]);
    expect(await readTeamd('eth0', ['team0'], { root })).toBe(pid);
  });
});
