import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/domain/address.ts';
import type { Effect } from '../../../src/domain/effect.ts';
import { LAYOUTS } from '../../../src/domain/layout.ts';
import { FORWARD_STEPS, ROLLBACK_STEPS } from '../../../src/domain/plan.ts';
import type { StepContext } from '../../../src/domain/steps/context.ts';
import { forwardEffects } from '../../../src/domain/steps/forward.ts';
import { rollbackEffects } from '../../../src/domain/steps/rollback.ts';
import { lookUpRules, rulesForHostPort } from '../../../src/domain/steps/rules.ts';
import * as hosts from '../precheck/hosts.ts';
import { externalIds, HOST_PORT, ID, type Scene, sceneContext, UP } from './contexts.ts';
import { snapshot } from './snapshots.ts';

const ops = (effects: readonly { readonly op: string }[]): readonly string[] => effects.map(effect => effect.op);
const RENAMED = { name: 'eth0~' };
const onHostPort = (address: Address): Address => ({ ...address, linkIndex: HOST_PORT });
const bridged = hosts.ovs([
  {
    name: 'br-ext',
    externalIds: externalIds('bridge'),
    ports: [
      { name: 'eth0', externalIds: externalIds('host-port') },
      { name: 'eth0~', externalIds: externalIds('uplink') },
    ],
  },
]);

describe('renaming the uplink', () => {
  it('is one change, and none where the layout keeps the name', () => {
    expect(forwardEffects('renamingUplink', sceneContext())).toEqual([
      { op: 'link.rename', link: { index: hosts.ETH0, name: 'eth0' }, to: 'eth0~' },
    ]);
    for (const layout of ['bridge-port', 'attach-only'] as const) {
      expect(forwardEffects('renamingUplink', sceneContext({ layout }))).toEqual([]);
    }
  });

  it('first takes the new name away where the link has it as altname', () => {
    const context = sceneContext({ uplink: { altnames: ['eth0~', 'enp1'] } });
    expect(forwardEffects('renamingUplink', context)).toMatchObject([
      { op: 'altname.remove', altname: 'eth0~' },
      { op: 'link.rename', to: 'eth0~' },
    ]);
  });

  it('puts back what a kernel flushed that had to take the link down', () => {
    const context = sceneContext({ uplink: RENAMED });
    expect(forwardEffects('renamingUplink', context)).toEqual([]);
    const flushed: StepContext = { ...context, kernel: { ...context.kernel, addresses: [], routes: [] } };
    expect(ops(forwardEffects('renamingUplink', flushed))).toEqual(['address.add']);
    const half: StepContext = { ...context, kernel: { ...context.kernel, routes: [] } };
    // The connected route before the one that needs it.
    expect(forwardEffects('renamingUplink', half)).toMatchObject([
      { op: 'route.add', route: { destination: '10.9.0.0/24' } },
      { op: 'route.add', route: { destination: '0.0.0.0/0' } },
    ]);
  });
});

describe('making the host port', () => {
  it('is asked for once, and not at all while OVSDB is not known', () => {
    expect(ops(forwardEffects('makingHostPort', sceneContext()))).toEqual(['ovs.host-port.create']);
    expect(forwardEffects('makingHostPort', sceneContext({ context: { ovs: bridged } }))).toEqual([]);
    expect(forwardEffects('makingHostPort', sceneContext({ context: { ovs: undefined } }))).toEqual([]);
  });

  it('a port of that name in another bridge is not it', () => {
    const ovs = hosts.ovs([{ name: 'br-ext' }, { name: 'br-int', ports: [{ name: 'eth0' }] }]);
    expect(ops(forwardEffects('makingHostPort', sceneContext({ context: { ovs } })))).toEqual(['ovs.host-port.create']);
  });
});

describe('configuring and addressing the host port', () => {
  it('sets the link up last, after its link-local address', () => {
    const kernel = hosts.kernelWith({ addresses: [hosts.address({ local: 'fe80::1', scope: 253 })] });
    const context = sceneContext({ kernel, uplink: RENAMED, hostPort: { mtu: 1400 } });
    expect(ops(forwardEffects('configuringHostPort', context))).toEqual(['link.set', 'address.add', 'link.set']);
    expect(forwardEffects('configuringHostPort', context).at(-1)).toMatchObject({ up: true });
  });

  it('adds what moves before anything is removed, IPv6 without duplicate address detection', () => {
    const kernel = hosts.kernelWith({ addresses: [hosts.address({ local: '2001:db8::2' })] });
    const context = sceneContext({ kernel, uplink: RENAMED, hostPort: { flags: UP } });
    const effects = forwardEffects('addressingHostPort', context);
    expect(effects).toMatchObject([
      { op: 'address.add', address: { local: '10.9.0.2', linkIndex: HOST_PORT } },
      { op: 'address.add', address: { local: '2001:db8::2', linkIndex: HOST_PORT, flags: 0x82 } },
    ]);
  });
});

describe('taking addresses off the uplink', () => {
  const kernel = hosts.kernelWith({ addresses: [hosts.address({ local: '10.9.0.3' })] });

  /** What takes an address away, of all that the step wants. */
  const removals = (context: StepContext): readonly Effect[] =>
    forwardEffects('removingUplinkAddresses', context).filter(effect => effect.op === 'address.remove');

  it('happens only to those that the host port has', () => {
    const context = sceneContext({ kernel, uplink: RENAMED, hostPort: { flags: UP } });
    expect(removals(context)).toEqual([]);
    const half = [...context.kernel.addresses, onHostPort(hosts.address({ local: '10.9.0.3' }))];
    const some: StepContext = { ...context, kernel: { ...context.kernel, addresses: half } };
    expect(removals(some)).toMatchObject([
      { op: 'address.remove', address: { local: '10.9.0.3', linkIndex: hosts.ETH0 } },
    ]);
  });

  it('never happens to one that was not there before', () => {
    const context = sceneContext({ kernel, uplink: RENAMED, hostPort: { flags: UP } });
    const foreign = hosts.address({ local: '10.99.0.1' });
    const addresses = [...context.kernel.addresses, foreign, onHostPort(foreign)];
    expect(removals({ ...context, kernel: { ...context.kernel, addresses } })).toEqual([]);
  });
});

describe('attaching and detaching the uplink', () => {
  it('is done when the port is in our bridge with our mark; another migration’s mark does not count', () => {
    const attached = { uplink: RENAMED, hostPort: {}, context: { ovs: bridged } } as const;
    expect(forwardEffects('attachingUplink', sceneContext(attached))).toEqual([]);
    const context = sceneContext(attached);
    const another = { ...context, plan: { ...context.plan, id: 'm-2' } };
    expect(ops(forwardEffects('attachingUplink', another))).toEqual(['ovs.uplink.attach']);
  });

  it.each([
    [null, []],
    [{ bridge: true, hostPort: true, uplink: false }, []],
    [{ bridge: true, hostPort: true, uplink: true }, ['ovs.uplink.detach']],
  ] as const)('with rows %j: %j', (ownRows, expected) => {
    expect(ops(rollbackEffects('detachingUplink', sceneContext({ context: { ownRows } })))).toEqual(expected);
  });

  it('rows are removed where the server says that there are any, and by the mark only', () => {
    const own = { bridge: false, hostPort: true, uplink: false };
    const effects = rollbackEffects('removingHostPort', sceneContext({ context: { ownRows: own } }));
    expect(effects).toEqual([{ op: 'ovs.rows.remove', rows: { id: ID, uplink: 'eth0', bridge: 'br-ext' } }]);
    const none = { bridge: false, hostPort: false, uplink: false };
    expect(rollbackEffects('removingHostPort', sceneContext({ context: { ownRows: none } }))).toEqual([]);
  });
});

describe('the name, on the way back', () => {
  it('is taken from udev first, who may have made it an altname', () => {
    const context = sceneContext({ uplink: { ...RENAMED, altnames: ['eth0'] } });
    expect(rollbackEffects('restoringName', context)).toMatchObject([
      { op: 'altname.remove', altname: 'eth0' },
      { op: 'link.rename', to: 'eth0' },
    ]);
    expect(rollbackEffects('restoringName', sceneContext())).toEqual([]);
  });
});

describe('rules that name the uplink', () => {
  const rules = [
    hosts.rule({ iif: 'eth0' }),
    hosts.rule({ oif: 'eth0', flags: 0x10 }),
    hosts.rule({ iif: 'eth9' }),
    hosts.rule({ from: '10.9.0.3/32' }),
  ];

  it('are doubled for a host port of another name, and no others', () => {
    const wanted = rulesForHostPort(snapshot({ rules }), 'br-ext');
    expect(wanted.map(r => [r.iif, r.oif])).toEqual([
      ['br-ext', null],
      [null, 'br-ext'],
    ]);
    expect(rulesForHostPort(snapshot({ rules }), 'eth0')).toEqual([]);
    expect(rulesForHostPort(snapshot({ rules }), null)).toEqual([]);
  });

  it('are the same whether the kernel finds the link or not, but not when turned round', () => {
    const rule = hosts.rule({ iif: 'eth0' });
    expect(lookUpRules([rule])({ ...rule, flags: 0x18 })).toBe(true);
    expect(lookUpRules([rule])({ ...rule, flags: 0x2 })).toBe(false);
    expect(lookUpRules([rule])({ ...rule, table: 7 })).toBe(false);
  });

  it('ours are removed on the way back, the others stay', () => {
    const kernel = hosts.kernelWith({ rules });
    const ours = rulesForHostPort(snapshot({ rules }), 'br-ext');
    const context = sceneContext({ layout: 'bridge-port', kernel, hostPort: {} });
    const now = { ...context, kernel: { ...context.kernel, rules: [...rules, ...ours] } };
    expect(rollbackEffects('removingHostPort', now)).toEqual(ours.map(rule => ({ op: 'rule.remove', rule })));
  });
});

const scenes: fc.Arbitrary<Scene> = fc.record({
  layout: fc.constantFrom(...LAYOUTS),
  datapath: fc.constantFrom('system', 'netdev'),
  uplink: fc.constantFrom(null, {}, RENAMED, { altnames: ['eth0~'] }, { flags: 0 }),
  hostPort: fc.constantFrom(null, {}, { flags: UP }, { mtu: 9000 }),
  context: fc.record({
    ovs: fc.constantFrom(undefined, hosts.ovs(), bridged),
    ownRows: fc.constantFrom(null, { bridge: true, hostPort: true, uplink: true }),
    mutedLinks: fc.subarray(['eth0', 'eth0~', 'br-ext', 'mine']),
  }),
});

describe('from any state', () => {
  it('no step removes, renames or silences a link, address or route that is not the uplink’s or the host port’s', () => {
    const kernel = hosts.kernelWith({
      links: [hosts.virtualLink(9, 'eth9', 'veth')],
      addresses: [hosts.address({ local: '10.19.0.2', linkIndex: 9 })],
      routes: [
        hosts.route({ table: 77, destination: '10.19.0.0/24', nexthops: [hosts.hop({ linkIndex: 9 })] }),
        hosts.route({ destination: '198.19.0.0/16', type: 6, nexthops: [] }),
      ],
      rules: [hosts.rule({ iif: 'eth9' })],
    });
    const ours = new Set([hosts.ETH0, HOST_PORT]);
    fc.assert(
      fc.property(scenes, scene => {
        const context = sceneContext({ ...scene, kernel });
        const effects = [
          ...FORWARD_STEPS.flatMap(step => forwardEffects(step, context)),
          ...ROLLBACK_STEPS.flatMap(step => rollbackEffects(step, context)),
        ];
        for (const effect of effects) {
          if ('address' in effect) expect(ours).toContain(effect.address.linkIndex);
          if ('route' in effect) expect(effect.route.nexthops.some(h => ours.has(h.linkIndex ?? 0))).toBe(true);
          if (effect.op === 'rule.remove') expect(effect.rule.iif).not.toBe('eth9');
          if (effect.op.startsWith('link.') && 'link' in effect) expect(ours).toContain(effect.link.index);
          if (effect.op === 'ingress.unmute') expect(['eth0', 'eth0~', 'br-ext']).toContain(effect.link.name);
        }
      }),
    );
  });

  it('a way back that has nothing to undo changes nothing', () => {
    for (const layout of LAYOUTS) {
      const context = sceneContext({ layout, context: { ownRows: { bridge: false, hostPort: false, uplink: false } } });
      for (const step of ROLLBACK_STEPS) expect(rollbackEffects(step, context), `${layout} ${step}`).toEqual([]);
    }
  });

  it('without the uplink no step of the way back touches the kernel', () => {
    fc.assert(
      fc.property(scenes, scene => {
        const context = sceneContext({ ...scene, uplink: null });
        for (const step of ROLLBACK_STEPS) {
          for (const effect of rollbackEffects(step, context)) {
            expect(effect.op).toMatch(/^(ovs\.|ingress\.unmute|rule\.remove)/);
          }
        }
      }),
    );
  });
});
