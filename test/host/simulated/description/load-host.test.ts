import { describe, expect, it } from 'vitest';
import { isUplinkError } from '../../../../src/errors.ts';
import { loadHost } from '../../../../src/host/simulated/description/load-host.ts';

const HEAD = 'apiVersion: ovs-uplink/v1\nkind: Host\nname: x\ndescription: x\nuplink: eth0\n';
const LINKS = 'links:\n  - name: eth0\n';

/** What the loader says of a text. */
function refusal(text: string): string {
  try {
    loadHost(text, 'x.yaml');
  } catch (error) {
    if (isUplinkError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('a broken description', () => {
  it.each([
    ['no list of links', HEAD, 'x.yaml:1:1: links: wrong value'],
    ['an unknown key', `${HEAD}${LINKS}    speed: 10\n`, 'x.yaml:8:5: unknown key: got speed'],
    ['a wrong type', `${HEAD}${LINKS}    mtu: big\n`, 'x.yaml:8:10: links.0.mtu: wrong value'],
    ['a key twice', `${HEAD}name: y\n${LINKS}`, 'x.yaml:6:1: broken YAML'],
    ['a tag', `${HEAD}links: !!binary aGk=\n`, 'broken YAML'],
    ['an alias', `${HEAD}links: &l\n  - name: eth0\nroutes: *l\n`, 'x.yaml:8:9: aliases are not usable here'],
    ['a tab', `${HEAD}links:\n\t- name: eth0\n`, 'broken YAML'],
    ['two documents', `${HEAD}${LINKS}---\na: 1\n`, 'broken YAML'],
    ['another kind', `${HEAD}${LINKS}`.replace('Host', 'Scenario'), 'x.yaml:2:7: kind: wrong value: expected Host'],
    [
      'an address that is none',
      `${HEAD}${LINKS}    addresses:\n      - 10.9.0.2/24\n      - 10.9.0.300/24\n`,
      'x.yaml:10:9: links.0.addresses.1: an address must be a prefix',
    ],
    [
      'a route over no link',
      `${HEAD}${LINKS}routes: [default via 10.9.0.1 dev eth1]\n`,
      'there is no link eth1: expected eth0',
    ],
    ['an uplink that is not there', `${HEAD}links:\n  - name: eth1\n`, 'x.yaml:5:9: there is no link eth0'],
    [
      'a name twice',
      `${HEAD}${LINKS}    altnames: [eth1]\n  - name: eth1\n`,
      'x.yaml:9:11: the link eth1 is the name of an altname of eth0 already',
    ],
    [
      'a route that the kernel refuses',
      `${HEAD}${LINKS}routes: [default via 10.9.0.1 dev eth0]\n`,
      'x.yaml:8:10: the kernel refuses this: cannot add route',
    ],
    [
      'a text without end',
      `${HEAD}${LINKS}#${'x'.repeat(300_000)}`,
      'description too large (x.yaml): expected at most 262144',
    ],
  ])('%s is refused with its place in the file', (_title, text, message) => {
    expect(refusal(text)).toMatch(/^USAGE /);
    expect(refusal(text)).toContain(message);
  });
});

describe('what the kernel makes by itself', () => {
  const host = loadHost(
    `${HEAD}${LINKS}    mac: "52:54:00:00:00:01"\n    addresses: [10.9.0.2/24 brd 10.9.0.255]\n`,
    'x.yaml',
  );
  const { kernel } = host;

  it('lo is there, up, with its addresses', () => {
    expect(kernel.links[0]).toMatchObject({ index: 1, name: 'lo', operState: 'unknown', mtu: 65536 });
    const addresses = kernel.addresses.filter(a => a.linkIndex === 1).map(a => `${a.local}/${a.prefixLength}`);
    expect(addresses).toEqual(['127.0.0.1/8', '::1/128']);
  });

  it('a link has its link-local address, without a test that goes on', () => {
    const address = kernel.addresses.find(a => a.linkIndex === 2 && a.family === 6);
    expect(address).toMatchObject({ local: 'fe80::5054:ff:fe00:1', prefixLength: 64, scope: 253, flags: 0x80 });
  });

  it('an address has its connected, local and broadcast routes', () => {
    const routes = kernel.routes.filter(r => r.family === 4 && r.nexthops[0]?.linkIndex === 2);
    expect(routes.map(r => `${r.table} ${r.type} ${r.destination} ${r.scope} ${r.prefSrc}`).sort()).toEqual([
      '254 1 10.9.0.0/24 253 10.9.0.2',
      '255 2 10.9.0.2/32 254 10.9.0.2',
      '255 3 10.9.0.255/32 253 10.9.0.2',
    ]);
    const sixes = kernel.routes.filter(r => r.family === 6 && r.nexthops[0]?.linkIndex === 2);
    expect(sixes.map(r => `${r.table} ${r.type} ${r.destination}`).sort()).toEqual([
      '254 1 fe80::/64',
      '255 2 fe80::5054:ff:fe00:1/128',
      '255 5 ff00::/8',
    ]);
  });

  it('the default rules are there', () => {
    expect(kernel.rules.map(r => `${r.family} ${r.priority} ${r.table} ${r.protocol}`)).toEqual([
      '4 0 255 2',
      '4 32766 254 2',
      '4 32767 253 2',
      '6 0 255 2',
      '6 32766 254 2',
    ]);
  });

  it('sysctls are those of a new link, with the MTU', () => {
    expect(host.sysctls['eth0']).toMatchObject({
      'ipv4/conf/{link}/promote_secondaries': '0',
      'ipv6/conf/{link}/accept_dad': '1',
      'ipv6/conf/{link}/mtu': '1500',
    });
  });
});

describe('Open vSwitch in a description', () => {
  const text = `${HEAD}ovs:
  bridges:
    - name: br0
      datapath: netdev
      mac: "52:54:00:00:00:09"
      up: true
      ports: [{ name: vm1, type: internal }, { name: tap7 }]
${LINKS}  - { name: tap7, kind: tun }
`;
  const { kernel, ovsState } = loadHost(text, 'x.yaml');

  it('has the links that ovs-vswitchd makes, and holds its ports', () => {
    const links = kernel.links.map(l => `${l.name} ${l.kind} ${l.flags & 1 ? 'up' : 'down'} ${l.promiscuity}`);
    expect(links).toEqual([
      'lo null up 0',
      'eth0 null up 0',
      'tap7 tun up 1',
      'ovs-netdev tun down 1',
      'br0 tun up 1',
      'vm1 tun down 1',
    ]);
  });

  it('has rows that agree with the kernel', () => {
    expect(ovsState.bridges).toMatchObject([{ name: 'br0', datapathType: 'netdev', datapathId: '0000525400000009' }]);
    for (const row of ovsState.interfaces) {
      const link = kernel.links.find(one => one.name === row.name);
      expect(row).toMatchObject({ ifindex: link?.index, macInUse: link?.mac, error: null });
    }
    expect(ovsState.ports.map(port => port.name)).toEqual(['br0', 'vm1', 'tap7']);
  });
});
