import type { PortOptions } from '../../../src/domain/port-spec.ts';
import { completePorts } from '../../../src/domain/port-spec.ts';
import type { PrecheckInput } from '../../../src/domain/precheck/index.ts';
import type { MigrationRequest } from '../../../src/domain/request.ts';
import { kernelWith, link, ovs, request } from './hosts.ts';
import type { RuleCase } from './rule-cases.ts';

function asks(options: PortOptions, more: Partial<MigrationRequest> = {}): Partial<PrecheckInput> {
  const ports = completePorts(options);
  return { request: request({ ...more, ...(ports !== undefined && { ports }) }) };
}

const untagged = asks({ uplink: { vlanMode: 'native-untagged', tag: 100, trunks: [200] }, hostPort: { tag: 100 } });

const otherNic = kernelWith({ links: [link({ index: 9, name: 'eth1' })] });

/** br-ext joined to br-mid, and that to br-lan, which has eth1. */
function patched(failMode: 'secure' | null): Partial<PrecheckInput> {
  const patch = (name: string, peer: string) => ({ name, type: 'patch', peer });
  return {
    request: request({ useExistingBridge: true }),
    kernel: otherNic,
    ovs: ovs([
      { name: 'br-ext', ports: [patch('ext-mid', 'mid-ext')] },
      { name: 'br-mid', failMode, ports: [patch('mid-ext', 'ext-mid'), patch('mid-lan', 'lan-mid')] },
      { name: 'br-lan', ports: [patch('lan-mid', 'mid-lan'), { name: 'eth1' }] },
    ]),
  };
}

export const PORT_CASES: readonly RuleCase[] = [
  {
    code: 'vlan-settings-invalid',
    when: 'there is no such VLAN',
    host: asks({ uplink: { trunks: [0, 10, 4095] } }),
    culprit: '4095',
    says: ['1 to 4094'],
    unless: 'there is',
    quiet: asks({ uplink: { trunks: [0, 10, 4094] } }),
  },
  {
    code: 'vlan-settings-invalid',
    when: 'an access port has trunks',
    host: asks({ uplink: { tag: 10, trunks: [20, 21] }, hostPort: { tag: 10 } }),
    culprit: 'trunks 20-21',
    says: ['native-untagged'],
    unless: 'the tag is that of the native VLAN',
    quiet: untagged,
  },
  {
    code: 'vlan-settings-invalid',
    when: 'a mode lacks its tag',
    host: asks({ uplink: { vlanMode: 'native-tagged' } }),
    culprit: 'native-tagged',
    says: ['--tag'],
    unless: 'it needs none',
    quiet: asks({ uplink: { vlanMode: 'trunk' } }),
  },
  {
    code: 'vlan-settings-invalid',
    when: 'a trunk has a tag',
    host: asks({ uplink: { vlanMode: 'trunk', tag: 10 } }),
    culprit: 'tag 10',
    unless: 'it has none',
    quiet: asks({ uplink: { vlanMode: 'trunk' } }),
  },
  {
    code: 'vlan-settings-invalid',
    when: 'there is no host port that could have the tag',
    host: asks({ hostPort: { tag: 10 } }, { layout: 'attach-only' }),
    culprit: 'tag 10',
    says: ['attach-only'],
    unless: 'there is one',
    quiet: asks({ hostPort: { tag: 10 } }),
  },
  {
    code: 'vlan-cuts-off-host',
    when: 'the uplink does not carry the VLAN of the host port',
    host: asks({ uplink: { trunks: [0, 200] }, hostPort: { tag: 100 } }),
    culprit: 'eth0',
    says: ['(VLAN 100)', '(trunks 0,200)', 'native-untagged --tag 100'],
    unless: 'it does',
    quiet: asks({ uplink: { trunks: [0, 100] }, hostPort: { tag: 100 } }),
  },
  {
    code: 'vlan-cuts-off-host',
    when: 'the trunks of the uplink leave out frames without a tag',
    host: asks({ uplink: { trunks: [100, 200] } }),
    culprit: 'eth0',
    says: ['add 0 to --trunks'],
    unless: 'they do not',
    quiet: asks({ uplink: { trunks: [0, 100, 200] } }),
  },
  {
    code: 'vlan-cuts-off-host',
    when: 'the uplink is in a VLAN and the host port in none',
    host: asks({ uplink: { tag: 100 } }, { layout: 'bridge-port' }),
    culprit: 'br-ext',
    says: ['--host-port-tag 100'],
    unless: 'no host port is made',
    quiet: asks({ uplink: { tag: 100 } }, { layout: 'attach-only' }),
  },
  {
    code: 'vlan-host-tagged',
    when: 'the uplink does not take the tag of the host port off',
    host: asks({ hostPort: { tag: 100 } }),
    culprit: 'tag 100',
    says: ['where it has none today'],
    unless: 'it does',
    quiet: untagged,
  },
  {
    code: 'vlan-on-wire',
    when: 'VLANs were asked for',
    host: untagged,
    culprit: 'eth0',
    says: ['VLAN 100 without a tag, and VLAN 200 with a tag'],
    unless: 'none were',
    quiet: {},
  },
  {
    code: 'bridge-has-uplink',
    when: 'a bridge that patch ports join to it has another NIC',
    host: patched(null),
    culprit: 'eth1',
    says: ['patch ports', 'br-lan', 'loop'],
    unless: 'the bridge between the two forwards by flows alone',
    quiet: patched('secure'),
  },
];
