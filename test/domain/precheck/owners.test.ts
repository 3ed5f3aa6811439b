import { describe, expect, it } from 'vitest';
import type { FindingCode, PrecheckInput } from '../../../src/domain/precheck/index.ts';
import { precheck } from '../../../src/domain/precheck/index.ts';
import { address, input, kernel, request } from './hosts.ts';
import { dhclient, networkd, networkManager, owned } from './owner-cases.ts';
import { lists } from './way-cases.ts';

function codes(host: Partial<PrecheckInput>): readonly string[] {
  return precheck(input(host)).map(found => found.code);
}

const leased = kernel({ addresses: [address({ flags: 0, validLifetimeS: 3600, preferredLifetimeS: 3600 })] });

describe('a lease', () => {
  it.each([
    ['dhclient', owned(dhclient(), { kernel: leased })],
    ['dhclient that says nothing of the family', owned(dhclient({ family: null }), { kernel: leased })],
    ['systemd-networkd', owned(networkd({ dhcp4: true }), { kernel: leased })],
  ])('that %s goes on to renew is said once, and is no warning', (_, host) => {
    expect(codes(host)).toContain('dhcp-client-follows');
    expect(codes(host)).not.toContain('address-lease');
  });

  it.each([
    ['a client that cannot go on', owned(dhclient({ program: 'dhcpcd' }), { kernel: leased })],
    ['a client of the other family', owned(networkd({ dhcp6: true }), { kernel: leased })],
    ['nobody', { kernel: leased }],
  ])('of %s is a warning', (_, host) => {
    expect(codes(host)).toContain('address-lease');
  });
});

it('attach-only asks nothing of anybody, and blocks on no manager', () => {
  const attachOnly = request({ layout: 'attach-only' });
  const team = networkManager({ deviceType: 15 });
  const host = owned({ ...team, ...networkd({ dhcp4: true }), ...dhclient() }, { request: attachOnly });
  const about = precheck(input(host)).filter(found => /^(nm|networkd|dhcp)-/.test(found.code));
  expect(about.map(found => [found.code, found.severity])).toEqual([
    ['nm-manages-uplink', 'info'],
    ['networkd-manages-uplink', 'info'],
  ]);
  for (const { message } of about) expect(message).toContain('asks nothing of it');
});

it('names every file of a kind in one finding, and each kind by what applies it', () => {
  const files = ['/etc/network/interfaces', '/etc/network/interfaces.d/lan'] as const;
  const configurations = [
    ...files.map(path => ({ by: 'ifupdown', path, method: null }) as const),
    { by: 'cloud-init', path: '/etc/netplan/50-cloud-init.yaml', method: 'dhcp' } as const,
  ];
  const found = precheck(input(owned({ configurations }))).filter(one => one.code === 'configuration-names-uplink');
  expect(found.map(one => one.message)).toEqual([
    expect.stringMatching(/interfaces and \S+\/lan configure eth0: .*"ifdown"/),
    expect.stringMatching(/50-cloud-init.yaml \(dhcp\) configures eth0: .*F-92/),
  ]);
});

it('a protected link stays protected, whatever is accepted', () => {
  const codes: readonly FindingCode[] = ['link-protected', 'link-not-allowed'];
  const asked = request({ links: [lists(['eth0'], [])], accept: codes });
  const found = precheck(input({ request: asked })).filter(one => codes.some(code => code === one.code));
  expect(found.map(one => [one.code, one.severity])).toEqual(codes.map(code => [code, 'blocking']));
  expect(found[0]?.advice).toContain('--accept link-protected does not help');
});
