import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NUD_PERMANENT } from '../../src/domain/neighbour.ts';
import { FIB_RULE_IIF_DETACHED, FIB_RULE_INVERT, FIB_RULE_OIF_DETACHED, type Rule } from '../../src/domain/rule.ts';
import { type Netlink, NTF_PROXY, openNetlink } from '../../src/netlink/index.ts';
import { canMakeNamespaces, createNamespace, failureOf, type Namespace } from './netns-lab.ts';

function ruleOf(part: Partial<Rule> & Pick<Rule, 'family' | 'priority'>): Rule {
  return {
    action: 1,
    table: 100,
    from: null,
    to: null,
    tos: 0,
    iif: null,
    oif: null,
    fwmark: null,
    fwmask: null,
    goto: null,
    suppressPrefixLength: null,
    suppressGroup: null,
    l3mdev: false,
    uidRange: null,
    ipProtocol: null,
    sourcePorts: null,
    destinationPorts: null,
    protocol: 3,
    flags: 0,
    ...part,
  };
}

describe.skipIf(!canMakeNamespaces)('rules and neighbours', () => {
  let ns: Namespace;
  let netlink: Netlink;
  let index: number;
  beforeAll(async () => {
    ns = createNamespace('rule');
    ns.ip('link', 'add', 'e0', 'type', 'veth', 'peer', 'name', 'e1');
    for (const end of ['e0', 'e1']) ns.ip('link', 'set', end, 'addrgenmode', 'none');
    ns.ip('link', 'set', 'e0', 'up');
    ns.ip('link', 'set', 'e1', 'up');
    netlink = openNetlink({ netnsPath: ns.path });
    index = (await netlink.linkByName('e0'))!.index;
  });
  afterAll(async () => {
    await netlink?.close();
    ns?.remove();
  });

  test('every kind of rule goes in, dumps as it was sent, shows in `ip rule`, and goes out', async () => {
    const rules = [
      ruleOf({ family: 4, priority: 100, from: '10.0.0.0/8', to: '192.0.2.1/32', tos: 16 }),
      ruleOf({ family: 4, priority: 110, iif: 'e0', oif: 'e1', table: 100_000 }),
      ruleOf({ family: 4, priority: 120, fwmark: 0x1234, fwmask: 0xffff, flags: FIB_RULE_INVERT }),
      ruleOf({ family: 4, priority: 130, suppressPrefixLength: 0, table: 254 }),
      ruleOf({ family: 4, priority: 140, action: 2, goto: 150, table: 0 }),
      ruleOf({ family: 4, priority: 150, action: 6, table: 0 }),
      ruleOf({
        family: 4,
        priority: 160,
        uidRange: { start: 1000, end: 2000 },
        ipProtocol: 6,
        sourcePorts: { start: 1, end: 9 },
        destinationPorts: { start: 80, end: 80 },
      }),
      ruleOf({ family: 4, priority: 170, iif: 'gone0', flags: FIB_RULE_IIF_DETACHED, protocol: 77 }),
      ruleOf({ family: 4, priority: 180, oif: 'gone0', flags: FIB_RULE_OIF_DETACHED, suppressGroup: 4 }),
      ruleOf({ family: 6, priority: 100, from: 'fd00::/8', to: '2001:db8::1/128' }),
      ruleOf({ family: 6, priority: 110, iif: 'e0', action: 7, table: 0 }),
      ruleOf({ family: 6, priority: 120, fwmark: 7, fwmask: 0xffffffff, action: 8, table: 0 }),
    ];
    const before = await netlink.rules();
    for (const rule of rules) await netlink.addRule(rule);
    const after = await netlink.rules();
    for (const rule of rules) {
      expect.soft(after.find(one => one.family === rule.family && one.priority === rule.priority)).toEqual(rule);
    }
    const shown = ns.ipJson('-4', 'rule').length + ns.ipJson('-6', 'rule').length;
    expect(after).toHaveLength(shown);
    expect(await failureOf(netlink.addRule(rules[0]!))).toMatchObject({ code: 'NETLINK_REFUSED', errnoName: 'EEXIST' });
    for (const rule of rules) await netlink.removeRule(rule);
    expect(await netlink.rules()).toEqual(before);
    expect(await failureOf(netlink.removeRule(rules[0]!))).toMatchObject({ errnoName: 'ENOENT' });
  });

  test('a rule on a name that goes away is detached and attached again, as the kernel says', async () => {
    const rule = ruleOf({ family: 4, priority: 200, iif: 'later0' });
    await netlink.addRule(rule);
    const flags = async () => (await netlink.rules({ family: 4 })).find(one => one.priority === 200)!.flags;
    expect(await flags()).toBe(FIB_RULE_IIF_DETACHED);
    await netlink.createLink({ kind: 'bridge', name: 'later0' });
    expect(await flags()).toBe(0);
    await netlink.removeRule(rule);
  });

  test('the default rules are removed and put back', async () => {
    const before = await netlink.rules();
    for (const rule of before.filter(one => one.priority !== 0)) {
      await netlink.removeRule(rule);
      await netlink.addRule(rule);
    }
    expect(await netlink.rules()).toEqual(before);
  });

  test('permanent neighbours and proxies of both families go in, are dumped, and go out', async () => {
    const entries = [
      {
        family: 4,
        linkIndex: index,
        address: '10.5.0.9',
        mac: '02:00:00:00:00:09',
        state: NUD_PERMANENT,
        flags: 0,
        protocol: 44,
      },
      {
        family: 6,
        linkIndex: index,
        address: 'fd05::9',
        mac: '02:00:00:00:00:0a',
        state: NUD_PERMANENT,
        flags: 0x80,
        protocol: null,
      },
      { family: 4, linkIndex: index, address: '10.5.0.8', mac: null, state: 0, flags: NTF_PROXY, protocol: null },
    ] as const;
    for (const entry of entries) await netlink.setNeighbour(entry);
    const dump = await netlink.neighbours({ linkIndex: index });
    for (const entry of entries) {
      expect
        .soft(dump.find(one => one.address === entry.address))
        .toMatchObject({ ...entry, state: expect.any(Number) });
    }
    const shown = ns.ipJson<{ dst: string; lladdr: string; state: string[] }>(
      'neigh',
      'show',
      'dev',
      'e0',
      'nud',
      'permanent',
    );
    expect(shown.find(one => one.dst === '10.5.0.9')).toMatchObject({
      lladdr: '02:00:00:00:00:09',
      state: ['PERMANENT'],
    });
    for (const entry of entries) await netlink.removeNeighbour(entry);
    const left = await netlink.neighbours({ linkIndex: index });
    expect(left.filter(one => entries.some(entry => entry.address === one.address && one.state !== 0x20))).toEqual([]);
  });

  test('the whole state is read in one call', async () => {
    const state = await netlink.readKernelState();
    expect(state.links.map(link => link.name)).toContain('e0');
    expect(state.rules.length).toBeGreaterThanOrEqual(5);
    expect(state.addresses).toEqual(await netlink.addresses());
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
