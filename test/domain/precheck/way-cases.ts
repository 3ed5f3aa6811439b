import type { ApiServer } from '../../../src/domain/api-server.ts';
import type { LinkLists, LinkPattern } from '../../../src/domain/link-patterns.ts';
import { readLinkPattern } from '../../../src/domain/link-patterns.ts';
import { hop, kernel, kernelWith, link, request, route, virtualLink } from './hosts.ts';
import type { RuleCase } from './rule-cases.ts';

export function pattern(text: string): LinkPattern {
  const read = readLinkPattern(text);
  if ('pattern' in read) return read.pattern;
  throw new Error(read.problem);
}

export function lists(protect: readonly string[], allow: readonly string[] | null = null): LinkLists {
  return { from: '/etc/uplink.yaml', protect: protect.map(pattern), allow: allow?.map(pattern) ?? null };
}

export function server(overrides: Partial<ApiServer> = {}): ApiServer {
  return { host: '10.96.0.1', port: 6443, addresses: ['10.96.0.1'], from: '--api-server', ...overrides };
}

const eth1 = link({ index: 9, name: 'eth1', mac: '00:25:90:aa:bb:09', permanentMac: null });
const viaEth1 = [hop({ linkIndex: 9, gateway: '10.8.0.1', gatewayFamily: 4 })];
/** eth1 has the way to the API server, eth0 all else. */
const twoLinks = kernelWith({ links: [eth1], routes: [route({ destination: '10.96.0.0/12', nexthops: viaEth1 })] });
const withoutDefault = kernel({ routes: [] });
const onVlan = kernel({
  links: [...kernel().links, virtualLink(8, 'eth0.100', 'vlan', { lower: 2 })],
  routes: [route({ nexthops: [hop({ linkIndex: 8, gateway: '10.7.0.1', gatewayFamily: 4 })] })],
});

export const WAY_CASES: readonly RuleCase[] = [
  {
    code: 'link-protected',
    when: 'a pattern of the list means the uplink',
    host: { request: request({ links: [lists(['kind:bond', 'eth*'])] }) },
    culprit: '/etc/uplink.yaml',
    says: ['links.protect eth*'],
    unless: 'none does',
    quiet: { request: request({ links: [lists(['kind:bond', 'eth1'])] }) },
  },
  {
    code: 'link-not-allowed',
    when: 'one of two lists does not name the uplink',
    host: { request: request({ links: [lists([], ['eth*']), lists([], ['eth1', 'eth2'])] }) },
    culprit: '/etc/uplink.yaml',
    says: ['eth1 and eth2'],
    unless: 'both do',
    quiet: { request: request({ links: [lists([], ['eth*']), lists([], ['eth0'])] }) },
  },
  {
    code: 'uplink-carries-api-server',
    when: 'the default route leads to it',
    host: { request: request({ apiServer: server() }) },
    culprit: '10.96.0.1:6443',
    says: ['default via 10.9.0.1', '--probe tcp:10.96.0.1:6443', 'flow-restore-wait', '"gateway" passes as before'],
    unless: 'a longer prefix leads elsewhere',
    quiet: { request: request({ apiServer: server() }), kernel: twoLinks },
  },
  {
    code: 'uplink-carries-api-server',
    when: 'its name was not looked up',
    host: { request: request({ apiServer: server({ host: 'api.example', addresses: [] }) }), kernel: twoLinks },
    culprit: 'api.example:6443',
    says: ['api.example was not looked up, so the default route counts'],
    unless: 'the name is known, and leads elsewhere',
    quiet: { request: request({ apiServer: server({ host: 'api.example' }) }), kernel: twoLinks },
  },
  {
    code: 'uplink-carries-api-server',
    when: 'its address is on the uplink itself',
    host: { request: request({ apiServer: server({ host: '10.9.0.2', addresses: ['10.9.0.2'] }) }) },
    culprit: '10.9.0.2:6443',
    says: ['an address of eth0 itself'],
    unless: 'the uplink leads nowhere near it',
    quiet: { request: request({ apiServer: server() }), kernel: withoutDefault },
  },
  {
    code: 'uplink-carries-default-route',
    when: 'the default route leaves by a VLAN on top of it',
    host: { kernel: onVlan },
    culprit: 'eth0',
    says: ['by eth0.100 on top of it', 'default via 10.7.0.1', '--api-server'],
    unless: 'there is no default route',
    quiet: { kernel: withoutDefault },
  },
  {
    code: 'primary-uplink-unprotected',
    when: 'no probe is asked',
    host: { request: request({ probes: [] }) },
    culprit: 'eth0',
    says: ['no probe tells', 'give a --probe'],
    unless: 'the host does not need the link',
    quiet: { request: request({ probes: [] }), kernel: withoutDefault },
  },
  {
    code: 'primary-uplink-unprotected',
    when: 'nobody guards the run',
    host: { request: request({ guard: 'none' }) },
    culprit: 'eth0',
    says: ['no guard takes the way back', '--guard none'],
    unless: 'the way to the API server goes elsewhere',
    quiet: { request: request({ guard: 'none', apiServer: server() }), kernel: twoLinks },
  },
];
