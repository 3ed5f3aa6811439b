import { readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openSystemBus } from '../../src/host/owners/bus/system-bus.ts';
import { readLinkDns, revertLink, setLinkDns } from '../../src/host/owners/resolved/link-dns.ts';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { networkdNeeds, resolvedNeeds, startNetworkd } from '../lab/networkd.ts';

const NETWORK = `[Match]
Name=eth0
[Network]
Address=10.9.0.2/24
IPv6AcceptRA=no
DNS=192.0.2.53
DNS=[2001:db8::53]:5353#dns.example
Domains=example.org ~corp.example
DNSDefaultRoute=yes
`;

describeLive('DNS settings of links in systemd-resolved', () => {
  it('are read, set and taken back: of a link that networkd manages, and of one that nobody does', async () => {
    await using lab = await createLab({ name: 'dns', ovs: 'none' });
    await using networkd = await startNetworkd(lab, { networkFiles: { '10-uplink.network': NETWORK }, resolved: true });
    await networkd.online('eth0', 'routable');
    await using bus = (await openSystemBus({ address: networkd.address, limitMs: 2000 }))!;
    const netns = readlinkSync(networkd.netns);
    const managed = {
      servers: ['192.0.2.53', '[2001:db8::53]:5353#dns.example'],
      domains: ['example.org', '~corp.example'],
      defaultRoute: true,
    };
    expect(await readLinkDns(10, bus, undefined, { netns })).toEqual(managed);
    const other = { servers: ['2001:db8::1#dns.example'], domains: ['~.'], defaultRoute: false };
    // resolved refuses that for a link that networkd manages, which has to be asked instead.
    await setLinkDns(10, other, bus);
    expect(JSON.parse(await networkd.networkctl('--json=short', 'status', 'eth0'))).toMatchObject({
      DNS: [{ ServerName: 'dns.example' }],
    });
    await revertLink(10, bus);

    await lab.hostIp('link', 'add', 'lone', 'index', '30', 'type', 'veth', 'peer', 'name', 'lone-peer', 'index', '31');
    expect(await readLinkDns(30, bus, undefined, { netns })).toBeNull();
    const wanted = {
      servers: ['192.0.2.1:8853#dns.example', 'fe80::1'],
      domains: ['a.example', '~b.example'],
      defaultRoute: true,
    };
    await setLinkDns(30, wanted, bus);
    expect(await readLinkDns(30, bus, undefined, { netns })).toEqual(wanted);
    await setLinkDns(30, other, bus);
    expect(await readLinkDns(30, bus, undefined, { netns })).toEqual(other);
    await revertLink(30, bus);
    expect(await readLinkDns(30, bus, undefined, { netns })).toBeNull();
    await expect(setLinkDns(99, other, bus)).rejects.toMatchObject({ code: 'OWNER_REFUSED' });
    expect(await readLinkDns(99, bus, undefined, { netns })).toBeNull();
  });
}, [...networkdNeeds(), ...resolvedNeeds()]);
