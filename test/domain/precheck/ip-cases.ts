import { IFA_F_DADFAILED, IFA_F_MANAGETEMPADDR } from '../../../src/domain/address.ts';
import { address, connectedRoute, facts, hop, kernel, kernelWith, link, request, route, rule } from './hosts.ts';
import type { RuleCase } from './rule-cases.ts';

const attachOnly = request({ layout: 'attach-only' });
const bridgePort = request({ layout: 'bridge-port' });
const nfs = { source: '10.9.0.5:/srv', type: 'nfs4' };
const bare = kernel({ addresses: [], routes: [] });

const otherWay = {
  links: [link({ index: 9, name: 'eth1' })],
  routes: [route({ destination: '10.9.0.0/25', nexthops: [hop({ linkIndex: 9 })] })],
};

export const IP_CASES: readonly RuleCase[] = [
  {
    code: 'attach-only-has-addresses',
    when: 'the uplink has an address',
    host: { request: attachOnly },
    culprit: 'eth0',
    says: ['10.9.0.2/24'],
    unless: 'it has only its link-local one',
    quiet: {
      request: attachOnly,
      kernel: kernel({ addresses: [address({ local: 'fe80::1', scope: 253 })], routes: [] }),
    },
  },
  {
    code: 'attach-only-has-routes',
    when: 'routes lead over the uplink',
    host: { request: attachOnly },
    culprit: 'eth0',
    says: ['default via 10.9.0.1'],
    unless: 'the kernel made them all',
    quiet: { request: attachOnly, kernel: kernel({ routes: [connectedRoute] }) },
  },
  {
    code: 'uplink-without-addresses',
    when: 'there is nothing to move',
    host: { kernel: bare },
    culprit: 'eth0',
    says: ['attach-only'],
    unless: 'that is what was asked for',
    quiet: { kernel: bare, request: attachOnly },
  },
  {
    code: 'address-lease',
    when: 'DHCP gave the address',
    host: { kernel: kernel({ addresses: [address({ flags: 0, validLifetimeS: 3600, preferredLifetimeS: 3600 })] }) },
    culprit: 'eth0',
    says: ['3600 s', '10.9.0.2/24'],
    unless: 'the address of another link is leased',
    quiet: { kernel: kernelWith({ addresses: [address({ linkIndex: 1, validLifetimeS: 60 })] }) },
  },
  {
    code: 'address-lease',
    when: 'DHCPv6 gave the address',
    host: {
      kernel: kernelWith({
        addresses: [address({ local: '2001:db8::7', prefixLength: 128, flags: 0, validLifetimeS: 900 })],
      }),
    },
    culprit: 'eth0',
    unless: 'it comes from router advertisements, which is said otherwise',
    quiet: {
      kernel: kernelWith({
        addresses: [address({ local: '2001:db8::7', flags: IFA_F_MANAGETEMPADDR, validLifetimeS: 900 })],
      }),
    },
  },
  {
    code: 'address-slaac',
    when: 'the address comes from router advertisements',
    host: {
      kernel: kernelWith({
        addresses: [address({ local: '2001:db8::7', flags: IFA_F_MANAGETEMPADDR, validLifetimeS: 900 })],
      }),
    },
    culprit: 'eth0',
    says: ['accept_ra'],
    unless: 'it is static',
    quiet: { kernel: kernelWith({ addresses: [address({ local: '2001:db8::7' })] }) },
  },
  {
    code: 'address-slaac',
    when: 'the kernel says that it made the address from one',
    host: { kernel: kernelWith({ addresses: [address({ local: '2001:db8::7', protocol: 2 })] }) },
    culprit: 'eth0',
    unless: 'it is the link-local one',
    quiet: { kernel: kernelWith({ addresses: [address({ local: 'fe80::7', protocol: 3, scope: 253 })] }) },
  },
  {
    code: 'address-not-usable',
    when: 'duplicate detection failed',
    host: { kernel: kernelWith({ addresses: [address({ local: '2001:db8::7', flags: IFA_F_DADFAILED })] }) },
    culprit: 'eth0',
    says: ['duplicate', '2001:db8::7/64'],
    unless: 'it did not',
    quiet: { kernel: kernelWith({ addresses: [address({ local: '2001:db8::7' })] }) },
  },
  {
    code: 'route-nexthop-object',
    when: 'a route uses a nexthop object over the uplink',
    host: { kernel: kernelWith({ routes: [route({ destination: '10.20.0.0/16', nexthopId: 5 })] }) },
    culprit: '10.20.0.0/16 via 10.9.0.1',
    says: ['nexthop show id 5'],
    unless: 'it leads over another link',
    quiet: {
      kernel: kernelWith({
        routes: [route({ destination: '10.20.0.0/16', nexthopId: 5, nexthops: [hop({ linkIndex: 3 })] })],
      }),
    },
  },
  {
    code: 'route-nexthop-object',
    when: 'the kernel does not say where it leads',
    host: { kernel: kernelWith({ routes: [route({ destination: '10.20.0.0/16', nexthopId: 5, nexthops: [] })] }) },
    culprit: '10.20.0.0/16',
    says: ['may'],
    unless: 'it is a blackhole of its own',
    quiet: { kernel: kernelWith({ routes: [route({ destination: '10.20.0.0/16', type: 6, nexthops: [] })] }) },
  },
  {
    code: 'route-lwtunnel',
    when: 'a route has an encapsulation',
    host: { kernel: kernelWith({ routes: [route({ destination: '10.20.0.0/16', encapType: 1 })] }) },
    culprit: '10.20.0.0/16 via 10.9.0.1',
    unless: 'it leads over another link',
    quiet: {
      kernel: kernelWith({
        routes: [route({ destination: '10.20.0.0/16', encapType: 1, nexthops: [hop({ linkIndex: 3 })] })],
      }),
    },
  },
  {
    code: 'route-from-ra',
    when: 'the default route comes from a router advertisement',
    host: { kernel: kernelWith({ routes: [route({ destination: '::/0', protocol: 9, expiresS: 1800 })] }) },
    culprit: 'eth0',
    says: ['1800 s'],
    unless: 'it is static',
    quiet: { kernel: kernelWith({ routes: [route({ destination: '::/0' })] }) },
  },
  {
    code: 'rule-reattaches',
    when: 'a rule names the uplink and the host port gets the name',
    host: { kernel: kernelWith({ rules: [rule({ iif: 'eth0' })] }) },
    culprit: 'rule 100: from all iif eth0 table 100',
    unless: 'it names another',
    quiet: { kernel: kernelWith({ rules: [rule({ iif: 'eth1' })] }) },
  },
  {
    code: 'rule-names-uplink',
    when: 'a rule names the uplink and traffic will come by the bridge',
    host: { kernel: kernelWith({ rules: [rule({ oif: 'eth0', from: '10.9.0.2/32' })] }), request: bridgePort },
    culprit: 'rule 100: from 10.9.0.2/32 oif eth0 table 100',
    says: ['br-ext'],
    unless: 'the host port keeps the name',
    quiet: { kernel: kernelWith({ rules: [rule({ oif: 'eth0' })] }), request: request({ layout: 'exchange-names' }) },
  },
  {
    code: 'rule-names-host-port',
    when: 'a left-over rule waits for a link called like the host port',
    host: { kernel: kernelWith({ rules: [rule({ iif: 'br-ext' })] }), request: bridgePort },
    culprit: 'rule 100: from all iif br-ext table 100',
    unless: 'the host port is called otherwise',
    quiet: { kernel: kernelWith({ rules: [rule({ iif: 'br-ext' })] }) },
  },
  {
    code: 'critical-mount',
    when: 'the root comes over the uplink',
    host: { facts: facts({ networkMounts: [{ ...nfs, target: '/' }] }) },
    culprit: '/',
    says: ['10.9.0.5:/srv', 'nfs4'],
    unless: 'it comes over another link',
    quiet: {
      facts: facts({ networkMounts: [{ ...nfs, source: '10.50.0.5:/srv', target: '/' }] }),
      kernel: kernelWith({
        links: [link({ index: 9, name: 'eth1' })],
        routes: [route({ destination: '10.50.0.0/24', nexthops: [hop({ linkIndex: 9 })] })],
      }),
    },
  },
  {
    code: 'network-mount',
    when: 'a server of that name is behind the default route',
    host: { facts: facts({ networkMounts: [{ source: '//files/home', target: '/home', type: 'cifs' }] }) },
    culprit: '/home',
    unless: 'the server is this host',
    quiet: { facts: facts({ networkMounts: [{ source: '10.9.0.2:/srv', target: '/home', type: 'nfs' }] }) },
  },
  {
    code: 'network-mount',
    when: 'the uplink has the better of two metrics',
    host: {
      facts: facts({ networkMounts: [{ ...nfs, target: '/srv' }] }),
      kernel: kernelWith({ routes: [{ ...connectedRoute, priority: 200, nexthops: [hop({ linkIndex: 9 })] }] }),
    },
    culprit: '/srv',
    unless: 'another link has the longer prefix',
    quiet: { facts: facts({ networkMounts: [{ ...nfs, target: '/srv' }] }), kernel: kernelWith(otherWay) },
  },
  {
    code: 'network-mount',
    when: 'one of several Ceph monitors is behind the uplink',
    host: {
      facts: facts({
        networkMounts: [{ source: '[2001:db8::5]:6789,10.9.0.6:6789:/', target: '/data', type: 'ceph' }],
      }),
    },
    culprit: '/data',
    unless: 'no route leads there',
    quiet: {
      facts: facts({ networkMounts: [{ source: '[2001:db8::5]:6789:/', target: '/data', type: 'ceph' }] }),
    },
  },
];
