import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readNetworkd } from '../../../../src/host/owners/networkd/read-networkd.ts';

let root: string;

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

const LINK = { index: 10, name: 'eth0' };

describe('what systemd-networkd has written of a link', () => {
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'networkd-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('is its state, and its file with the drop-ins of all folders, the one in /etc before its namesake', async () => {
    await put('run/systemd/netif/links/10', STATE);
    await put('run/systemd/network/10-netplan-eth0.network', '[Network]\nDHCP=ipv4');
    await put('run/systemd/network/10-netplan-eth0.network.d/b.conf', '[Network]\nDNS=192.0.2.2\n');
    await put('etc/systemd/network/10-netplan-eth0.network.d/a.conf', '[Network]\nDNS=192.0.2.1\n');
    await put('usr/lib/systemd/network/10-netplan-eth0.network.d/a.conf', '[Network]\nDNS=192.0.2.9\n');
    await put('etc/systemd/network/10-netplan-eth0.network.d/README', 'not one\n');
    expect(await readNetworkd(LINK, { root })).toEqual({
      state: 'absent',
      uplink: {
        setupState: 'configured',
        networkFile: '/run/systemd/network/10-netplan-eth0.network',
        networkText: '[Network]\nDHCP=ipv4\n[Network]\nDNS=192.0.2.1\n[Network]\nDNS=192.0.2.2\n',
        dhcp4: true,
        dhcp6: false,
      },
      prepared: 'no',
    });
  });

  it('tells of a DHCPv6 client that a router advertisement has started', async () => {
    await put('run/systemd/netif/links/10', `${STATE}DHCP6_CLIENT_IAID=0x7\nDHCP6_CLIENT_DUID=DUID-EN/Vendor:0000\n`);
    const { uplink } = await readNetworkd(LINK, { root });
    expect(uplink).toMatchObject({ dhcp4: false, dhcp6: true, networkText: null });
  });

  it('is nothing where it has written nothing, or what no daemon writes', async () => {
    const nothing = { state: 'absent', uplink: null, prepared: 'no' };
    expect(await readNetworkd(LINK, { root })).toEqual(nothing);
    await mkdir(join(root, 'run/systemd/netif/links/10'), { recursive: true });
    expect(await readNetworkd(LINK, { root })).toEqual(nothing);
    await rm(join(root, 'run/systemd/netif/links/10'), { recursive: true });
    await symlink('/dev/zero', join(root, 'run/systemd/netif/links/10'));
    expect(await readNetworkd(LINK, { root })).toEqual(nothing);
    await rm(join(root, 'run/systemd/netif/links/10'));
    await put('run/systemd/netif/links/10', 'x'.repeat(300_000));
    expect(await readNetworkd(LINK, { root })).toEqual(nothing);
  });
});

const STATE = `# This is private data. Do not parse.
ADMIN_STATE=configured
OPER_STATE=routable
NETWORK_FILE=/run/systemd/network/10-netplan-eth0.network
DNS=10.9.0.1
`;
