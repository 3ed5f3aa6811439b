import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/domain/finding.ts';
import { LAYOUTS } from '../../../src/domain/layout.ts';
import type { FindingCode } from '../../../src/domain/precheck/index.ts';
import { FINDING_CODES, precheck } from '../../../src/domain/precheck/index.ts';
import { BOND_CASES } from './bond-cases.ts';
import { facts, input, kernel, kernelWith, linkFile, ovs, request, route } from './hosts.ts';
import { IP_CASES } from './ip-cases.ts';
import { emptyKernel, LINK_CASES } from './link-cases.ts';
import { NAME_CASES } from './name-cases.ts';
import { OVS_CASES } from './ovs-cases.ts';
import { OWNER_CASES } from './owner-cases.ts';
import { PORT_CASES } from './port-cases.ts';
import type { RuleCase } from './rule-cases.ts';
import { WAY_CASES } from './way-cases.ts';

const CASES: readonly RuleCase[] = [
  ...NAME_CASES,
  ...LINK_CASES,
  ...IP_CASES,
  ...OVS_CASES,
  ...OWNER_CASES,
  ...WAY_CASES,
  ...PORT_CASES,
  ...BOND_CASES,
];

/** Codes that only `doctor` gives. */
const DOCTOR_CODES: readonly FindingCode[] = [
  'rename-live',
  'udev-naming-policy',
  'ovs-reachable',
  'ovs-datapaths',
  'ingress-mute-ready',
  'ingress-mute-unavailable',
  'uplink-candidate',
  'no-uplink-candidate',
  'request-looks-good',
];

function withCode(findings: readonly Finding[], code: FindingCode): readonly Finding[] {
  return findings.filter(found => found.code === code);
}

describe('precheck', () => {
  it('finds nothing on a host where nothing stands in the way, but that the host needs its only uplink', () => {
    expect(precheck(input()).map(found => found.code)).toEqual(['uplink-carries-default-route']);
    expect(precheck(input({ kernel: kernel({ routes: [] }) }))).toEqual([]);
  });

  it.each(LAYOUTS.filter(layout => layout !== 'attach-only'))('finds nothing there with layout %s', layout => {
    expect(precheck(input({ request: request({ layout }), kernel: kernel({ routes: [] }) }))).toEqual([]);
  });

  describe.each(CASES)('$code, when $when', ({ code, host, culprit, says, unless, quiet }) => {
    it('is found and names the culprit', () => {
      const [found] = withCode(precheck(input(host)), code);
      expect(found).toMatchObject({ code, culprit, severity: FINDING_CODES[code].severity });
      const text = `${found?.message}; ${found?.advice}`;
      expect(text).toContain(culprit);
      for (const words of says ?? []) expect(text).toContain(words);
      expect(found?.advice).not.toBe('');
    });

    it(`is not found when ${unless}`, () => {
      expect(withCode(precheck(input(quiet)), code)).toEqual([]);
    });
  });

  it.each([
    ['F-08', 'name-too-long'],
    ['F-10', 'rename-needs-link-down'],
    ['F-14', 'link-file-matches-host-port'],
    ['F-01', 'udev-returns-altname'],
    ['F-19', 'rule-names-uplink'],
    ['F-30', 'flow-restore-wait'],
    ['F-35', 'mac-locally-administered'],
    ['F-37', 'uplink-has-rx-handler'],
    ['F-41', 'bridge-fail-mode-secure'],
    ['F-48', 'ingress-mute-missing'],
    ['F-52', 'address-lease'],
    ['F-59', 'mtu-below-ipv6'],
    ['F-77', 'nm-keeps-link'],
    ['F-80', 'nm-dhcp'],
    ['F-81', 'owner-silent'],
    ['F-99', 'bond-mode-alb'],
    ['F-107', 'critical-mount'],
  ] as const)('cites %s with %s', (fact, code) => {
    const host = CASES.find(one => one.code === code)?.host;
    expect(withCode(precheck(input(host)), code)[0]?.fact).toBe(fact);
  });

  it('has a case for every code', () => {
    const covered = new Set<string>([...CASES.map(one => one.code), ...DOCTOR_CODES]);
    expect(Object.keys(FINDING_CODES).filter(code => !covered.has(code))).toEqual([]);
  });

  it('puts blocking findings first, then warnings', () => {
    const findings = precheck(
      input({
        lockHolder: 'pid 1',
        ...linkFile('[Match]\nMACAddress=00:25:90:aa:bb:01\n'),
        ovs: undefined,
        kernel: kernel({ addresses: [] }),
      }),
    );
    const order = { blocking: 0, warning: 1, info: 2 };
    const ranks = findings.map(found => order[found.severity]);
    expect(ranks).toEqual(ranks.toSorted());
    expect(new Set(ranks).size).toBeGreaterThan(1);
  });

  it('shows an accepted blocking finding as a warning that says so', () => {
    const host = { facts: facts({ bondMode: 6 }), request: request({ accept: ['bond-mode-alb'] }) };
    const [found] = withCode(precheck(input(host)), 'bond-mode-alb');
    expect(found?.severity).toBe('warning');
    expect(found?.message).toContain('accepted with --accept bond-mode-alb');
  });

  it('goes on blocking when the finding cannot be accepted', () => {
    const host = { ovs: undefined, request: request({ accept: ['ovsdb-unreachable'] }) };
    const [found] = withCode(precheck(input(host)), 'ovsdb-unreachable');
    expect(found?.severity).toBe('blocking');
    expect(found?.advice).toContain('--accept ovsdb-unreachable does not help');
  });

  it('says nothing about a link that is missing but that it is missing', () => {
    const findings = precheck(input({ kernel: emptyKernel, facts: facts({ bondMode: 6 }), ovs: ovs() }));
    expect(findings.map(found => found.code)).toEqual(['uplink-missing']);
  });

  it('names only the first of very many routes', () => {
    const many = Array.from({ length: 20_000 }, (_, n) =>
      route({ destination: `10.${n >> 8}.${n & 255}.0/24`, nexthopId: 7 }),
    );
    const findings = precheck(input({ kernel: kernelWith({ routes: many }) }));
    expect(findings.map(found => found.code)).toEqual(['route-nexthop-object', 'uplink-carries-default-route']);
    expect(findings[0]?.message).toContain('19995 more');
  });

  it('lets a .link file that matches first hide those behind it', () => {
    const rename = '[Match]\nMACAddress=00:25:90:aa:bb:01\n[Link]\nName=lan0\n';
    const keep = '[Match]\nOriginalName=br-*\n[Link]\nNamePolicy=keep\n';
    const linkFiles = [
      { path: '/etc/systemd/network/05-bridges.link', text: keep },
      { path: '/etc/systemd/network/10-lan.link', text: rename },
    ];
    const layout = request({ layout: 'bridge-port' });
    const codes = (files: typeof linkFiles): readonly string[] =>
      precheck(input({ request: layout, facts: facts({ linkFiles: files }) })).map(found => found.code);
    expect(codes(linkFiles)).not.toContain('link-file-renames-host-port');
    expect(codes(linkFiles.toReversed())).toContain('link-file-renames-host-port');
  });
});
