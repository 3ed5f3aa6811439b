import { describe, expect, it } from 'vitest';
import {
  carriedNetwork,
  keepsConfiguration,
  unmanagedLinks,
  unmanagedOvsLinks,
} from '../../../../src/host/owners/networkd/host-port-network.ts';

const NOBODY = { iaid4: null, iaid6: null };

describe('the .network file of the host port', () => {
  it('carries addresses, routes, rules, DHCP and DNS, and leaves out what stacks other links on the uplink', () => {
    const text = [
      '[Match]\nMACAddress=02:00:00:00:00:01\n[Link]\nMTUBytes=9000\nMACAddress=02:00:00:00:00:01\nRequiredForOnline=routable\n',
      '[Network]\n# the rack’s own\nDHCP=ipv4\nVLAN=eth0.100\nBond=bond0\nDNS=192.0.2.53\nKeepConfiguration=no\n',
      '[Address]\nAddress=10.9.0.2/24\nLabel=eth0:web\n[Route]\nGateway=_dhcp4\nTable=100\n',
      '[RoutingPolicyRule]\nFrom=10.9.0.2\nTable=100\n[BridgeVLAN]\nVLAN=7\n[QDisc]\nParent=root\n',
      '[Address]\nAddress=10.9.0.3/24\n',
    ].join('');
    expect(carriedNetwork('br-ext', text, NOBODY)).toBe(
      [
        '[Match]\nName=br-ext\nDriver=tun openvswitch\n',
        '[Link]\nRequiredForOnline=routable\n',
        '[Network]\nDHCP=ipv4\nDNS=192.0.2.53\n',
        '[Address]\nAddress=10.9.0.2/24\nLabel=eth0:web\n',
        '[Route]\nGateway=_dhcp4\nTable=100\n',
        '[RoutingPolicyRule]\nFrom=10.9.0.2\nTable=100\n',
        '[Address]\nAddress=10.9.0.3/24\n',
        '[Network]\nKeepConfiguration=yes\n',
      ].join('\n'),
    );
  });

  it('keeps the resetting assignment of a drop-in, and a value that goes on in the next line', () => {
    const text = '[Network]\nDNS=192.0.2.53\nDomains=example.org \\\n  example.com\n[Network]\nDNS=\n';
    expect(carriedNetwork('eth0', text, NOBODY)).toContain(
      '[Network]\nDNS=192.0.2.53\nDomains=example.org    example.com\n\n[Network]\nDNS=\n',
    );
  });

  it('pins the IAID by which the server knows the client, unless the file has one', () => {
    const identity = { iaid4: 7, iaid6: 8 };
    expect(carriedNetwork('eth0', '[Network]\nDHCP=yes\n', identity)).toMatch(
      /\[DHCPv4\]\nIAID=7\n\n\[DHCPv6\]\nIAID=8\n$/,
    );
    const own = carriedNetwork('eth0', '[Network]\nDHCP=yes\n[DHCPv4]\nIAID=1\n[DHCPv6]\nIAID=2\n', identity);
    expect(own.match(/IAID=\d/g)).toEqual(['IAID=1', 'IAID=2']);
  });

  it('matches exactly one link, whatever its name is, and refuses names that cannot be written', () => {
    expect(unmanagedLinks(['eth0~', 'eth0', 'eth0'])).toContain('Name=eth0~ eth0\n');
    expect(unmanagedOvsLinks(['!e*t[h?'])).toContain('Name=?e[*]t[[]h[?]\n');
    expect(() => unmanagedLinks(['a"b'])).toThrow('UNSUPPORTED');
    expect(() => unmanagedLinks(['a b'])).toThrow('UNSUPPORTED');
  });

  it('says when networkd keeps what it finds anyway', () => {
    expect(keepsConfiguration('[Network]\nKeepConfiguration=yes\n')).toBe(true);
    expect(keepsConfiguration('[Network]\nKeepConfiguration=yes\nKeepConfiguration=dhcp\n')).toBe(false);
    expect(keepsConfiguration('[Network]\nDHCP=yes\n')).toBe(false);
  });
});
