import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostFacts } from '../../src/domain/host-facts.ts';
import { readBondMode, readLinuxFacts } from '../../src/host/linux-facts.ts';
import { MAX_LINK_FILE_BYTES, MAX_LINK_FILES } from '../../src/host/linux-link-files.ts';
import { parseMountInfo } from '../../src/host/linux-network-mounts.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ovs-uplink-facts-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function putLink(path: string, target: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(target, join(root, path));
}

function read(uplink = 'eth0'): Promise<HostFacts> {
  return readLinuxFacts(uplink, { root, probeIngress: async () => true, probeKernelDatapath: async () => true });
}

/** One line of mountinfo. */
function mountLine(device: string, target: string, type: string, source: string, options = 'rw'): string {
  return `36 35 ${device} / ${target} rw,noatime shared:1 master:2 - ${type} ${source} ${options}`;
}

describe('identity', () => {
  it('is read from /proc and /etc', async () => {
    await put('proc/sys/kernel/random/boot_id', 'd3cfa27a-d5b6-4953-8648-72fad060f2f0\n');
    await put('etc/machine-id', '3d1219c7c4c5404aaa1f6d2a48adfda4\n');
    await put('proc/sys/kernel/osrelease', '6.1.0-18-amd64\n');
    await putLink('proc/self/ns/net', 'net:[4026531840]');
    expect((await read()).identity).toEqual({
      bootId: 'd3cfa27a-d5b6-4953-8648-72fad060f2f0',
      machineId: '3d1219c7c4c5404aaa1f6d2a48adfda4',
      netns: '4026531840',
      kernelRelease: '6.1.0-18-amd64',
    });
  });

  it('is empty where nothing can be read, but for the release', async () => {
    const { identity } = await read();
    expect(identity).toEqual({ bootId: '', machineId: '', netns: '', kernelRelease: release() });
  });

  it('takes an image that was never booted as one without id', async () => {
    await put('etc/machine-id', 'uninitialized\n');
    expect((await read()).identity.machineId).toBe('');
  });

  it('of this machine is complete', async () => {
    const { identity } = await readLinuxFacts('lo', {
      probeIngress: async () => false,
      probeKernelDatapath: async () => true,
    });
    expect(identity.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(identity.netns).toMatch(/^\d+$/);
    expect(identity.kernelRelease).toBe(release());
  });
});

describe('mounts over the network', () => {
  it.each([
    ['nfs4', '10.0.0.5:/srv', 'rw,addr=10.0.0.5'],
    ['nfs', 'files:/srv', 'rw'],
    ['cifs', '//files/share', 'rw'],
    ['ceph', '10.0.0.1:6789,10.0.0.2:6789:/', 'rw'],
    ['fuse.sshfs', 'me@files:/home', 'rw'],
    ['fuse.glusterfs', 'files:/vol', 'rw'],
    ['9p', '10.0.0.5', 'rw,trans=tcp,port=564'],
  ])('has %s from %s', async (type, source, options) => {
    await put('proc/self/mountinfo', mountLine('0:45', '/data', type, source, options));
    expect((await read()).networkMounts).toEqual([{ source, target: '/data', type }]);
  });

  it.each([
    ['ext4', '/dev/sda1', '8:1', 'rw'],
    ['9p', 'hostshare', '0:45', 'rw,trans=virtio'],
    ['virtiofs', 'hostshare', '0:45', 'rw'],
    ['overlay', 'overlay', '0:45', 'rw'],
    ['fuse.portal', 'portal', '0:45', 'rw'],
    ['tmpfs', 'nfs', '0:45', 'rw'],
    ['nfsd', 'nfsd', '0:45', 'rw'],
  ])('has no %s from %s', async (type, source, device, options) => {
    await put('proc/self/mountinfo', mountLine(device, '/data', type, source, options));
    expect((await read()).networkMounts).toEqual([]);
  });

  it('reads escaped blanks, and any number of optional fields', () => {
    const text = [
      '36 35 0:45 / /my\\040data rw - nfs4 files:/a\\011b rw',
      '36 35 0:45 / /b rw shared:1 master:2 propagate_from:3 - nfs4 files:/b rw',
      'nonsense',
      '',
    ].join('\n');
    expect(parseMountInfo(text).map(one => [one.target, one.source])).toEqual([
      ['/my data', 'files:/a\tb'],
      ['/b', 'files:/b'],
    ]);
  });

  it('finds the portal of an iSCSI disk below LUKS on LVM', async () => {
    const disk = 'sys/devices/platform/host2/session3/target2:0:0/2:0:0:1/block/sdb';
    await put(`${disk}/sdb1/dev`, '8:17');
    await put('sys/class/iscsi_connection/connection3:0/persistent_address', '10.0.0.9\n');
    await putLink('sys/devices/virtual/block/dm-0/slaves/sdb1', join(root, disk, 'sdb1'));
    await putLink('sys/devices/virtual/block/dm-1/slaves/dm-0', join(root, 'sys/devices/virtual/block/dm-0'));
    await putLink('sys/dev/block/253:1', join(root, 'sys/devices/virtual/block/dm-1'));
    await put('proc/self/mountinfo', mountLine('253:1', '/', 'ext4', '/dev/mapper/root'));
    expect((await read()).networkMounts).toEqual([{ source: '10.0.0.9:/dev/mapper/root', target: '/', type: 'iscsi' }]);
  });

  it('finds the disk of btrfs, which has no device number of its own, by its source', async () => {
    await put('sys/devices/virtual/block/nbd0/dev', '43:0');
    await putLink('sys/class/block/nbd0', join(root, 'sys/devices/virtual/block/nbd0'));
    await put('dev/nbd0', '');
    await put('proc/self/mountinfo', mountLine('0:31', '/', 'btrfs', '/dev/nbd0'));
    expect((await read()).networkMounts).toEqual([{ source: '/dev/nbd0', target: '/', type: 'nbd' }]);
  });

  it.each([
    ['tcp', true],
    ['pcie', false],
  ])('tells NVMe over %s: %s, with native multipath', async (transport, expected) => {
    const subsystem = 'sys/devices/virtual/nvme-subsystem/nvme-subsys0';
    await put(`${subsystem}/nvme0n1/nvme0n1p1/dev`, '259:1');
    await put(`${subsystem}/nvme0/transport`, transport);
    await put(`${subsystem}/nvme0/address`, 'traddr=2001:db8::9,trsvcid=4420');
    await putLink('sys/dev/block/259:1', join(root, subsystem, 'nvme0n1/nvme0n1p1'));
    await put('proc/self/mountinfo', mountLine('259:1', '/', 'xfs', '/dev/nvme0n1p1'));
    const wanted = { source: '[2001:db8::9]:/dev/nvme0n1p1', target: '/', type: 'nvme-of' };
    expect((await read()).networkMounts).toEqual(expected ? [wanted] : []);
  });
});

describe('.link files', () => {
  const paths = async (): Promise<readonly string[]> => (await read()).linkFiles.map(file => file.path);

  it('are sorted by name over all folders', async () => {
    await put('usr/lib/systemd/network/99-default.link', '[Match]');
    await put('run/systemd/network/10-netplan-eth0.link', '[Match]');
    await put('etc/systemd/network/50-mine.link', '[Match]');
    await put('etc/systemd/network/10-eth0.network', '[Match]');
    expect(await paths()).toEqual([
      '/run/systemd/network/10-netplan-eth0.link',
      '/etc/systemd/network/50-mine.link',
      '/usr/lib/systemd/network/99-default.link',
    ]);
  });

  it('hide those of the same name in folders of lower rank', async () => {
    await put('usr/lib/systemd/network/99-default.link', 'vendor');
    await put('run/systemd/network/99-default.link', 'run');
    await put('etc/systemd/network/99-default.link', 'mine');
    expect((await read()).linkFiles).toEqual([{ path: '/etc/systemd/network/99-default.link', text: 'mine' }]);
  });

  it('are masked by an empty file and by a link to /dev/null', async () => {
    await put('usr/lib/systemd/network/73-usb.link', 'vendor');
    await put('usr/lib/systemd/network/99-default.link', 'vendor');
    await put('etc/systemd/network/73-usb.link', '');
    await putLink('etc/systemd/network/99-default.link', '/dev/null');
    expect(await paths()).toEqual([]);
  });

  it('have their drop-ins behind them, by name, with the same rule for folders', async () => {
    await put('usr/lib/systemd/network/99-default.link', 'main');
    await put('usr/lib/systemd/network/99-default.link.d/20-b.conf', 'vendor b');
    await put('usr/lib/systemd/network/99-default.link.d/10-a.conf', 'a');
    await put('etc/systemd/network/99-default.link.d/20-b.conf', 'my b');
    expect((await read()).linkFiles[0]?.text.split('\n')).toEqual(['main', 'a', 'my b']);
  });

  it('are left out when they are longer than the bound', async () => {
    await put('etc/systemd/network/10-long.link', '#'.repeat(MAX_LINK_FILE_BYTES + 1));
    await put('etc/systemd/network/20-fits.link', '#'.repeat(MAX_LINK_FILE_BYTES));
    expect(await paths()).toEqual(['/etc/systemd/network/20-fits.link']);
  });

  it('are no more than the bound, those of high priority first', async () => {
    const names = Array.from({ length: MAX_LINK_FILES + 3 }, (_, n) => `${String(n).padStart(4, '0')}.link`);
    await Promise.all(names.map(name => put(`etc/systemd/network/${name}`, 'x')));
    const found = await paths();
    expect(found).toHaveLength(MAX_LINK_FILES);
    expect(found[0]).toBe('/etc/systemd/network/0000.link');
  });
});

describe('bond mode', () => {
  it.each([
    ['load balancing (round-robin)', 0],
    ['fault-tolerance (active-backup) (fail_over_mac active)', 1],
    ['IEEE 802.3ad Dynamic link aggregation', 4],
    ['adaptive load balancing', 6],
  ])('of "%s" is %d', async (words, mode) => {
    await put(
      'proc/net/bonding/bond0',
      `Ethernet Channel Bonding Driver: v6.1\n\nBonding Mode: ${words}\nMII Status: up\n`,
    );
    expect((await read('bond0')).bondMode).toBe(mode);
  });

  it('comes from /sys where /proc has none', async () => {
    await put('sys/class/net/bond0/bonding/mode', 'balance-alb 6\n');
    expect((await read('bond0')).bondMode).toBe(6);
  });

  it('is null for a link that is no bond', async () => {
    expect((await read()).bondMode).toBeNull();
  });

  it.each(['../../etc/passwd', '.', '..', '', 'a b', 'sixteen-letters.'])(
    'is null for %j, and no file is opened',
    async name => {
      await put('proc/net/passwd', 'Bonding Mode: adaptive load balancing\n');
      await put('proc/net/bonding/x', '');
      expect(await readBondMode(root, name)).toBeNull();
    },
  );
});

describe('the probe for ingress hooks', () => {
  it.each([true, false])('is passed on: %s', async can => {
    expect(
      (await readLinuxFacts('eth0', { root, probeIngress: async () => can, probeKernelDatapath: async () => true }))
        .canMuteIngress,
    ).toBe(can);
  });

  it('counts as no when it fails', async () => {
    const facts = await readLinuxFacts('eth0', {
      root,
      probeIngress: () => Promise.reject(new Error('EPERM')),
      probeKernelDatapath: async () => true,
    });
    expect(facts.canMuteIngress).toBe(false);
  });
});
