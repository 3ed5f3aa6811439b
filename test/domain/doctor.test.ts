import { describe, expect, it } from 'vitest';
import type { DoctorInput } from '../../src/domain/doctor.ts';
import { diagnose } from '../../src/domain/doctor.ts';
import {
  facts,
  factsWithRelease,
  kernel,
  kernelWith,
  kernelWithUplink,
  mark,
  ovs,
  ovsSystem,
  virtualLink,
} from './precheck/hosts.ts';

function doctorInput(overrides: Partial<DoctorInput> = {}): DoctorInput {
  return { kernel: kernel(), ovs: ovs(), ovsFailure: null, facts: facts(), ...overrides };
}

function codes(overrides: Partial<DoctorInput> = {}): readonly string[] {
  return diagnose(doctorInput(overrides)).map(found => found.code);
}

describe('doctor', () => {
  it('says what is fine', () => {
    expect(codes()).toEqual([
      'rename-live',
      'ingress-mute-ready',
      'ovs-reachable',
      'ovs-datapaths',
      'udev-naming-policy',
      'uplink-candidate',
    ]);
  });

  it('names the version and the datapath types of Open vSwitch', () => {
    const text = diagnose(doctorInput())
      .map(found => found.message)
      .join('\n');
    expect(text).toContain('3.1.0');
    expect(text).toContain('netdev and system');
    expect(text).toContain('eth0 has a default route');
  });

  it('repeats why OVSDB was not reached, once', () => {
    const ovsFailure = {
      code: 'OVSDB_UNREACHABLE',
      what: 'cannot connect',
      object: 'unix:/run/db.sock',
      errnoName: 'ENOENT',
      advice: 'start it',
    } as const;
    const found = diagnose(doctorInput({ ovs: undefined, ovsFailure, uplink: 'eth0' })).filter(one =>
      one.code.startsWith('ovsdb'),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ severity: 'blocking', culprit: 'unix:/run/db.sock', advice: 'start it' });
    expect(found[0]?.message).toContain('ENOENT');
  });

  it('warns of an old kernel, of missing hooks and of a wait for flows', () => {
    const host = {
      facts: { ...factsWithRelease('5.14.0-362.el9'), canMuteIngress: false },
      ovs: ovs([], ovsSystem({ flowRestoreWait: true })),
    };
    expect(codes(host)).toEqual(
      expect.arrayContaining(['rename-needs-link-down', 'ingress-mute-unavailable', 'flow-restore-wait']),
    );
  });

  it('says that no link has a default route', () => {
    expect(codes({ kernel: kernel({ routes: [] }) })).toContain('no-uplink-candidate');
  });

  it('says that nothing stands in the way of a good uplink', () => {
    expect(codes({ uplink: 'eth0' })).toContain('request-looks-good');
  });

  it('gives the findings of the pre-check for a named uplink', () => {
    const host = { kernel: kernelWith({ links: [virtualLink(9, 'mv0', 'macvlan', { lower: 2 })] }), uplink: 'eth0' };
    expect(codes(host)[0]).toBe('uplink-has-rx-handler');
    expect(codes(host)).not.toContain('request-looks-good');
  });

  it('tries a bridge name that is free', () => {
    const host = { ovs: ovs([{ name: 'br-ext', externalIds: mark('eth1', 'bridge') }]), uplink: 'eth0' };
    expect(codes(host)).toContain('request-looks-good');
  });

  it('tries the netdev datapath where it is the only one', () => {
    const host = { ovs: ovs([], ovsSystem({ datapathTypes: ['netdev'] })), uplink: 'eth0' };
    expect(codes(host)).toContain('request-looks-good');
    expect(codes({ ...host, facts: facts({ canMuteIngress: false }) })[0]).toBe('ingress-mute-missing');
  });

  it('shows the .link file that names the uplink', () => {
    const linkFiles = [
      { path: '/etc/systemd/network/10-wan.link', text: '[Match]\nMACAddress=00:25:90:aa:bb:01\n[Link]\nName=wan' },
      {
        path: '/usr/lib/systemd/network/99-default.link',
        text: '[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep path',
      },
    ];
    const policyOf = (uplink?: string): string | undefined =>
      diagnose(doctorInput({ facts: facts({ linkFiles }), ...(uplink === undefined ? {} : { uplink }) })).find(
        found => found.code === 'udev-naming-policy',
      )?.message;
    expect(policyOf()).toContain('99-default.link: NamePolicy=keep path');
    expect(policyOf('eth0')).toContain('10-wan.link: Name=wan');
  });

  it('says that the uplink is missing', () => {
    expect(codes({ kernel: kernelWithUplink({ name: 'ens3' }), uplink: 'eth0' })[0]).toBe('uplink-missing');
  });
});
