import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LinkConfiguration } from '../../../../src/domain/owners.ts';
import { readConfigurations } from '../../../../src/host/owners/configurations/read-configurations.ts';
import { MAX_CONFIGURATION_BYTES } from '../../../../src/host/owners/configurations/read-text.ts';

const UPLINK = { name: 'eth0', mac: '02:00:00:00:00:01', permanentMac: '52:54:00:12:34:56' };

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ovs-uplink-configurations-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

/** What is read, as `path method`, each by this program. */
async function read(by: LinkConfiguration['by']): Promise<readonly string[]> {
  const found = await readConfigurations(UPLINK, { root });
  expect(found.filter(one => one.by !== by)).toEqual([]);
  return found.map(({ path, method }) => `${path} ${method}`);
}

describe('ifupdown', () => {
  it('is read with the files that it sources', async () => {
    await put(
      'etc/network/interfaces',
      '# iface eth0 inet dhcp\nauto lo eth0\niface lo inet loopback\nsource interfaces.d/*\nsource-directory /etc/net.d\niface eth1 inet dhcp\n',
    );
    await put('etc/network/interfaces.d/50-cloud', 'iface eth0 inet dhcp\n  metric 100\n');
    await put('etc/net.d/six', 'iface eth0 \\\n inet6 static\n  address 2001:db8::2/64\n');
    await put('etc/net.d/six.dpkg-old', 'iface eth0 inet6 manual\n');
    expect(await read('ifupdown')).toEqual(['/etc/network/interfaces.d/50-cloud dhcp', '/etc/net.d/six static']);
  });

  it('is read to its end where files source each other', async () => {
    await put('etc/network/interfaces', 'source /etc/network/a\niface eth0 inet manual\n');
    await put('etc/network/a', 'source /etc/network/interfaces\nsource /etc/network/a\n');
    expect(await read('ifupdown')).toEqual(['/etc/network/interfaces manual']);
  });
});

describe('netplan', () => {
  it.each([
    ['ethernets: {eth0: {dhcp4: true}}', 'dhcp'],
    ['ethernets: {eth0: {dhcp6: yes}}', 'dhcp'],
    ['ethernets: {eth0: {addresses: [192.0.2.2/24]}}', 'static'],
    ['ethernets: {eth0: {dhcp4: no}}', 'manual'],
    ['ethernets: {eth0: {mtu: 1400}}', 'null'],
    ['ethernets: {nic: {match: {macaddress: "52:54:00:12:34:56"}, set-name: wan, dhcp4: true}}', 'dhcp'],
    ['ethernets: {nic: {match: {driver: virtio}, set-name: eth0, dhcp4: true}}', 'dhcp'],
    ['ethernets: {nic: {match: {name: "e*[0-3]"}, dhcp4: true}}', 'dhcp'],
    ['bonds: {eth0: {dhcp4: true}}', 'dhcp'],
  ])('%s: %s', async (network, method) => {
    await put('etc/netplan/01.yaml', `network: {version: 2, ${network}}`);
    expect(await read('netplan')).toEqual([`/etc/netplan/01.yaml ${method}`]);
  });

  it.each([
    'ethernets: {eth1: {dhcp4: true}}',
    'ethernets: {eth0: {match: {macaddress: "52:54:00:00:00:00"}, dhcp4: true}}',
    'ethernets: {nic: {match: {name: "e*", macaddress: "52:54:00:00:00:00"}, dhcp4: true}}',
    'ethernets: {nic: {match: {driver: virtio}, dhcp4: true}}',
    'ethernets: {nic: {match: {name: "e[z-a]*"}, dhcp4: true}}',
    'ethernets: [eth0]',
    'ethernets: {eth0: dhcp',
    'ethernets: {eth0: &a [*a, *a]}',
  ])('%s: not the uplink', async network => {
    await put('etc/netplan/01.yaml', `network: {version: 2, ${network}}`);
    expect(await read('netplan')).toEqual([]);
  });

  it('takes the file of the first folder, and what another file says of the match', async () => {
    await put('lib/netplan/01.yaml', 'network: {ethernets: {nic: {dhcp4: false}}}');
    await put('run/netplan/01.yaml', 'network: {ethernets: {nic: {dhcp4: true}}}');
    await put('etc/netplan/02.yaml', 'network: {ethernets: {nic: {match: {name: eth0}}}}');
    expect(await read('netplan')).toEqual(['/run/netplan/01.yaml dhcp', '/etc/netplan/02.yaml null']);
  });
});

describe('cloud-init', () => {
  const VERSION_1 = `network:
  version: 1
  config:
    - {type: physical, name: wan0, mac_address: "52:54:00:12:34:56", subnets: [{type: dhcp4}, {type: static6}]}
    - {type: physical, name: eth1, subnets: [{type: static}]}
`;

  it('is read in both versions', async () => {
    await put('etc/cloud/cloud.cfg.d/50-net.cfg', `#cloud-config\n${VERSION_1}`);
    await put(
      'run/cloud-init/network-config.json',
      '{"version": 2, "ethernets": {"eth0": {"addresses": ["192.0.2.2/24"]}}}',
    );
    expect(await read('cloud-init')).toEqual([
      '/etc/cloud/cloud.cfg.d/50-net.cfg dhcp',
      '/run/cloud-init/network-config.json static',
    ]);
  });

  it('says nothing where it is to leave the network alone', async () => {
    await put('etc/cloud/cloud.cfg.d/50-net.cfg', VERSION_1);
    await put('etc/cloud/cloud.cfg.d/99-off.cfg', 'network: {config: disabled}\n');
    expect(await read('cloud-init')).toEqual([]);
  });

  it('says nothing where it is switched off', async () => {
    await put('etc/cloud/cloud.cfg.d/50-net.cfg', VERSION_1);
    await put('etc/cloud/cloud-init.disabled', '');
    expect(await read('cloud-init')).toEqual([]);
  });
});

describe('ifcfg files', () => {
  it('are read by name and by MAC, without what editors leave', async () => {
    const scripts = 'etc/sysconfig/network-scripts';
    await put(`${scripts}/ifcfg-eth0`, 'DEVICE=eth0\nBOOTPROTO=none\nIPADDR0=192.0.2.2\n');
    await put(`${scripts}/ifcfg-wan`, 'NAME="wan"\nHWADDR=52:54:00:12:34:56\n# BOOTPROTO=static\nBOOTPROTO="dhcp"\n');
    await put(`${scripts}/ifcfg-eth0.rpmsave`, 'DEVICE=eth0\n');
    await put(`${scripts}/ifcfg-other`, 'DEVICE=eth1\n');
    await put('etc/sysconfig/network/ifcfg-eth0', "BOOTPROTO='dhcp4'\nSTARTMODE='auto'\n");
    expect(await read('ifcfg')).toEqual([
      `/${scripts}/ifcfg-eth0 static`,
      `/${scripts}/ifcfg-wan dhcp`,
      '/etc/sysconfig/network/ifcfg-eth0 dhcp',
    ]);
  });
});

describe('wicked', () => {
  it('is read from its XML', async () => {
    await put(
      'etc/wicked/ifconfig/net.xml',
      '<interface><name>eth0</name><ipv4:dhcp><enabled>true</enabled></ipv4:dhcp></interface>\n<interface><name>eth1</name></interface>',
    );
    await put('etc/wicked/ifconfig/off.xml', '<!-- <interface><name>eth0</name></interface> -->');
    expect(await read('wicked')).toEqual(['/etc/wicked/ifconfig/net.xml dhcp']);
  });
});

describe('what cannot be read', () => {
  it('says nothing: a host without any of it, a FIFO, a file that is too long', async () => {
    expect(await readConfigurations(UPLINK, { root })).toEqual([]);
    await put(
      'etc/netplan/long.yaml',
      `${'#'.repeat(MAX_CONFIGURATION_BYTES)}\nnetwork: {ethernets: {eth0: {dhcp4: true}}}`,
    );
    execFileSync('mkfifo', [join(root, 'etc/netplan/fifo.yaml')]);
    await put('etc/netplan/good.yaml', 'network: {ethernets: {eth0: {dhcp4: true}}}');
    expect(await read('netplan')).toEqual(['/etc/netplan/good.yaml dhcp']);
  });
});
