import { execFileSync } from 'node:child_process';
import type { TestContext } from 'vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelState } from '../../../src/domain/kernel-state.ts';
import type { PrecheckInput } from '../../../src/domain/precheck/index.ts';
import { precheck } from '../../../src/domain/precheck/index.ts';
import { openNetlink } from '../../../src/netlink/index.ts';
import { input, request } from './hosts.ts';

const NETNS = `ou-precheck-${process.pid}`;
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('SKIPPED: pre-checks on dumps of a real kernel need root, to make a network namespace');

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** One line for `ip` inside the namespace. */
function inside(line: string): void {
  ip('-n', NETNS, ...line.split(' '));
}

describe.skipIf(!isRoot)('precheck on dumps of a real kernel', () => {
  beforeAll(() => {
    ip('netns', 'add', NETNS);
    inside('link set lo up');
    inside('link add up0 address 00:25:90:00:00:01 type veth peer name far0');
    inside('link set far0 up');
    inside('link set up0 up');
    inside('address add 10.9.0.2/24 dev up0');
    inside('route add default via 10.9.0.1');
  });

  afterAll(() => {
    ip('netns', 'delete', NETNS);
  });

  async function codes(overrides: Partial<PrecheckInput> = {}): Promise<readonly string[]> {
    await using netlink = openNetlink({ netnsPath: `/run/netns/${NETNS}` });
    const kernel: KernelState = await netlink.readKernelState();
    const findings = precheck(input({ kernel, request: request({ uplink: 'up0' }), ...overrides }));
    return findings.map(found => found.code);
  }

  /** Makes a link; a kernel that was built without the type skips the test, loudly. */
  function skipUnlessMade(context: TestContext, type: string, command: string): void {
    try {
      inside(command);
    } catch (thrown) {
      if (!/Unknown device type|not supported/i.test(String(thrown))) throw thrown;
      console.warn(`SKIPPED: this kernel has no links of type ${type}`);
      context.skip(`this kernel has no links of type ${type}`);
    }
  }

  /** Codes while the commands hold; `undo` afterwards, also when it fails. */
  async function codesWith(commands: readonly string[], undo: readonly string[]): Promise<readonly string[]> {
    try {
      for (const command of commands) inside(command);
      return await codes();
    } finally {
      for (const command of undo) inside(command);
    }
  }

  it('finds nothing but the default route on a plain veth with its peer in the same namespace', async () => {
    expect(await codes()).toEqual(['uplink-carries-default-route']);
  });

  it.for<[type: string, code: string]>([
    ['macvlan', 'uplink-has-rx-handler'],
    ['ipvlan', 'uplink-has-rx-handler'],
    ['macsec', 'uplink-has-rx-handler'],
    ['vlan id 100', 'uplink-has-vlan'],
  ])('sees a %s on the uplink', async ([type, code], context) => {
    const add = `link add link up0 name child0 type ${type}`;
    skipUnlessMade(context, type, add);
    expect(await codesWith([], ['link delete child0'])).toContain(code);
  });

  it.for<[type: string, code: string]>([
    ['bridge', 'uplink-enslaved'],
    ['vrf table 10', 'uplink-in-vrf'],
  ])('sees the %s that it is in', async ([type, code], context) => {
    skipUnlessMade(context, type, `link add master0 type ${type}`);
    expect(await codesWith(['link set up0 master master0'], ['link delete master0'])).toContain(code);
  });

  it('sees a lease, a nexthop object, an encapsulation and a rule', async () => {
    const lease = await codesWith(
      ['address add 10.9.0.7/24 dev up0 valid_lft 3600 preferred_lft 3600'],
      ['address delete 10.9.0.7/24 dev up0'],
    );
    expect(lease).toContain('address-lease');
    const nexthop = await codesWith(
      ['nexthop add id 5 via 10.9.0.1 dev up0', 'route add 10.20.0.0/16 nhid 5'],
      ['route delete 10.20.0.0/16', 'nexthop delete id 5'],
    );
    expect(nexthop).toContain('route-nexthop-object');
    const rule = await codesWith(['rule add iif up0 table 100'], ['rule delete iif up0 table 100']);
    expect(rule).toContain('rule-reattaches');
  });

  it('sees that the other end is down', async () => {
    expect(await codesWith(['link set far0 down'], ['link set far0 up'])).toContain('uplink-no-carrier');
  });

  it('sees an altname in the way', async () => {
    const taken = await codesWith(
      ['link property add dev far0 altname br-ext'],
      ['link property del dev far0 altname br-ext'],
    );
    expect(taken).toContain('name-taken');
  });

  it('takes no tunnel for an Ethernet link', async () => {
    inside('tuntap add dev tun7 mode tun');
    try {
      expect(await codes({ request: request({ uplink: 'tun7' }) })).toContain('uplink-not-ethernet');
    } finally {
      inside('link delete tun7');
    }
  });
});
