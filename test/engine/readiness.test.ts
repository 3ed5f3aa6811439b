import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import type { OvsReadinessEvent } from '../../machines/ovs-readiness.ts';
import type { OvsFacts } from '../../src/domain/ovs-facts.ts';
import { statePath } from '../../src/engine/migration/state-path.ts';
import { bindReadiness } from '../../src/engine/readiness.ts';
import { uplinkError } from '../../src/errors.ts';
import { createVirtualClock } from '../../src/host/simulated/virtual-clock.ts';
import { ovs, ovsSystem } from '../domain/precheck/hosts.ts';
import { createScriptedHost, type ScriptedHost } from './scripted-host.ts';

const DEADLINE_MS = 30_000;

function factsOf(overrides: Partial<OvsFacts> = {}): OvsFacts {
  return { system: ovsSystem({ curCfg: 7, nextCfg: 7 }), bridge: null, hostPort: null, uplink: null, ...overrides };
}

/** Starts the chart over a host whose answers the test gives, on a clock that the test moves. */
interface StartOptions {
  readonly bridge?: string;
  readonly once?: boolean;
  readonly clearFlowRestoreWait?: boolean;
}

function start(options: StartOptions = {}) {
  const clock = createVirtualClock();
  const host: ScriptedHost = createScriptedHost();
  const bridge = options.bridge ?? null;
  const actor = createActor(
    bindReadiness(host, () => ({ bridge, hostPort: null, uplink: null })),
    { clock, input: { ...options, bridge, once: options.once ?? true, deadlineMs: DEADLINE_MS } },
  );
  actor.subscribe({ error: () => undefined });
  actor.start();
  return {
    clock,
    host,
    state: () => statePath(actor.getSnapshot().value),
    context: () => actor.getSnapshot().context,
    output: () => actor.getSnapshot().output,
    tell: (event: OvsReadinessEvent) => actor.send(event),
    facts: (overrides: Partial<OvsFacts>) => actor.send({ type: 'ovsdb.facts.changed', ovs: factsOf(overrides) }),
    stop: () => actor.stop(),
  };
}

/** As far as the wait for ovs-vswitchd: connected, and asked for a sign of life with `next_cfg` 8. */
async function startAsked(options: StartOptions = {}) {
  const chart = start(options);
  await chart.host.connectOvs.answer(ovs());
  await chart.host.bumpConfiguration.answer(8);
  expect(chart.state()).toBe('waiting.awaitingVswitchd');
  return chart;
}

const applied = ovsSystem({ curCfg: 8, nextCfg: 8 });
const standing = ovs([{ name: 'br-ext' }]).bridges[0]!;

const waiting = { ...applied, flowRestoreWait: true };

describe('flow-restore-wait', () => {
  it('is never touched unless it is ours', async () => {
    const chart = await startAsked();
    chart.facts({ system: waiting });
    chart.clock.advance(DEADLINE_MS);
    expect(chart.state()).toBe('notReady');
    expect(chart.host.apply.calls).toEqual([]);
  });

  it('is cleared where it is ours, after all else is ready and no sooner', async () => {
    const chart = await startAsked({ bridge: 'br-ext', clearFlowRestoreWait: true });
    chart.facts({ system: waiting, bridge: { ...standing, datapathId: null } });
    chart.facts({ system: waiting, bridge: standing });
    expect(chart.host.apply.calls).toEqual([]);
    await chart.host.showDatapathFeatures.answer('');
    expect(chart.host.apply.calls).toEqual([[{ op: 'ovs.flow-restore-wait.clear' }]]);
    await chart.host.apply.answer([{ ok: true, nextCfg: 9 }]);
    chart.facts({ system: ovsSystem({ curCfg: 8, nextCfg: 9 }), bridge: standing });
    expect(chart.state()).toBe('waiting.readingFlowRestoreBack');
    chart.facts({ system: ovsSystem({ curCfg: 9, nextCfg: 9 }), bridge: standing });
    expect(chart.output()).toEqual({ ready: true, failure: null });
    expect(chart.clock.pending()).toBe(0);
  });

  it('is not cleared where it was never set', async () => {
    const chart = await startAsked({ clearFlowRestoreWait: true });
    chart.facts({ system: applied });
    expect(chart.state()).toBe('passed');
    expect(chart.host.apply.calls).toEqual([]);
  });

  it('that the server does not let us clear ends the wait with its words', async () => {
    const chart = await startAsked({ clearFlowRestoreWait: true });
    chart.facts({ system: waiting });
    const failure = {
      code: 'OVSDB_REFUSED',
      what: 'OVSDB refused the request',
      ovsdbError: 'permission error',
    } as const;
    await chart.host.apply.answer([{ ok: false, failure }]);
    expect(chart.output()).toEqual({ ready: false, failure });
  });

  it('is looked at again after a connection that was lost with the answer', async () => {
    const chart = await startAsked({ clearFlowRestoreWait: true });
    chart.facts({ system: waiting });
    await chart.host.apply.fail(uplinkError('OVSDB_DISCONNECTED', { what: 'the connection to OVSDB was lost' }));
    expect(chart.state()).toBe('waiting.reconnecting');
    chart.tell({ type: 'ovsdb.connection.opened' });
    await chart.host.connectOvs.answer(ovs([], ovsSystem({ curCfg: 8, nextCfg: 9 })));
    await chart.host.bumpConfiguration.answer(10);
    chart.facts({ system: ovsSystem({ curCfg: 10, nextCfg: 10 }) });
    expect(chart.state()).toBe('passed');
    expect(chart.host.apply.calls).toHaveLength(1);
  });

  it('whose removal ovs-vswitchd does not see is not waited for without end', async () => {
    const chart = await startAsked({ clearFlowRestoreWait: true });
    chart.facts({ system: waiting });
    await chart.host.apply.answer([{ ok: true, nextCfg: 9 }]);
    chart.clock.advance(DEADLINE_MS);
    expect(chart.output()?.failure).toMatchObject({ code: 'DEADLINE', got: expect.stringContaining('cur_cfg 8') });
  });
});

describe('is Open vSwitch ready', () => {
  it('passes through its gates in order, each only when it is told so', async () => {
    const chart = start({ bridge: 'br-ext' });
    expect(chart.state()).toBe('waiting.connecting');
    await chart.host.connectOvs.answer(ovs());
    expect(chart.state()).toBe('waiting.askingVswitchd');
    await chart.host.bumpConfiguration.answer(8);
    expect(chart.state()).toBe('waiting.awaitingVswitchd');
    chart.facts({ system: ovsSystem({ curCfg: 7, nextCfg: 8 }), bridge: standing });
    expect(chart.state()).toBe('waiting.awaitingVswitchd');
    chart.facts({ system: applied });
    expect(chart.state()).toBe('waiting.awaitingBridge');
    chart.facts({ system: applied, bridge: { ...standing, datapathId: null } });
    expect(chart.state()).toBe('waiting.awaitingBridge');
    chart.facts({ system: { ...applied, flowRestoreWait: true }, bridge: standing });
    expect(chart.state()).toBe('waiting.learningFeatures');
    await chart.host.showDatapathFeatures.answer('Masked set action: Yes');
    expect(chart.state()).toBe('waiting.awaitingFlowRestore');
    chart.facts({ system: applied, bridge: standing });
    expect(chart.state()).toBe('passed');
    expect(chart.output()).toEqual({ ready: true, failure: null });
    expect(chart.context().features).toBe('Masked set action: Yes');
    expect(chart.clock.pending()).toBe(0);
  });

  it('never asks for the features before the bridge stands', async () => {
    const chart = await startAsked({ bridge: 'br-ext' });
    chart.facts({ system: applied });
    chart.facts({ system: applied, bridge: { ...standing, datapathId: null } });
    expect(chart.host.showDatapathFeatures.calls).toEqual([]);
    chart.facts({ system: applied, bridge: standing });
    expect(chart.host.showDatapathFeatures.calls).toEqual(['br-ext']);
    chart.stop();
  });

  it('a row that says all is done proves nothing before ovs-vswitchd was asked', async () => {
    const chart = start();
    await chart.host.connectOvs.answer(ovs([], ovsSystem({ curCfg: 100, nextCfg: 100 })));
    chart.facts({ system: ovsSystem({ curCfg: 100, nextCfg: 100 }) });
    expect(chart.state()).toBe('waiting.askingVswitchd');
    await chart.host.bumpConfiguration.answer(101);
    expect(chart.state()).toBe('waiting.awaitingVswitchd');
    chart.facts({ system: ovsSystem({ curCfg: 101, nextCfg: 101 }) });
    expect(chart.state()).toBe('passed');
  });

  it('without a bridge it asks for no features', async () => {
    const chart = await startAsked();
    chart.facts({ system: applied });
    expect(chart.state()).toBe('passed');
    expect(chart.host.showDatapathFeatures.calls).toEqual([]);
  });

  it('features that cannot be had from here stop nothing', async () => {
    const chart = await startAsked({ bridge: 'br-ext' });
    chart.facts({ system: applied, bridge: standing });
    await chart.host.showDatapathFeatures.fail(uplinkError('UNIXCTL_UNREACHABLE', { what: 'no control socket here' }));
    expect(chart.state()).toBe('passed');
  });

  it('features that ovs-vswitchd refuses to tell are the reason', async () => {
    const chart = await startAsked({ bridge: 'br-ext' });
    chart.facts({ system: applied, bridge: standing });
    await chart.host.showDatapathFeatures.fail(uplinkError('UNIXCTL_REFUSED', { what: 'no such bridge' }));
    expect(chart.state()).toBe('notReady');
    expect(chart.output()).toMatchObject({ ready: false, failure: { code: 'UNIXCTL_REFUSED' } });
  });

  it('what was applied before counts when the answer to our question comes later', async () => {
    const chart = start();
    await chart.host.connectOvs.answer(ovs());
    chart.facts({ system: applied });
    await chart.host.bumpConfiguration.answer(8);
    expect(chart.state()).toBe('passed');
  });
});

describe('a connection that is lost', () => {
  const lost = { type: 'ovsdb.connection.lost', failure: { code: 'OVSDB_DISCONNECTED', what: 'gone' } } as const;

  it('begins everything anew, and forgets what was known', async () => {
    const chart = await startAsked({ bridge: 'br-ext' });
    chart.facts({ system: applied });
    chart.tell(lost);
    expect(chart.state()).toBe('waiting.connecting');
    expect(chart.context()).toMatchObject({ ovs: null, awaitedCfg: null });
    await chart.host.connectOvs.answer(ovs([], applied));
    // The old sign of life is worth nothing: it may be another server.
    expect(chart.state()).toBe('waiting.askingVswitchd');
    chart.stop();
  });

  it('does not give more time: the deadline counts from the start', async () => {
    const chart = await startAsked();
    chart.clock.advance(DEADLINE_MS - 1);
    chart.tell(lost);
    expect(chart.state()).toBe('waiting.connecting');
    chart.clock.advance(1);
    expect(chart.state()).toBe('notReady');
    expect(chart.output()?.failure?.got).toBe('no connection to OVSDB');
  });

  it('while it asks: waits for the connection, then asks again', async () => {
    const chart = start();
    await chart.host.connectOvs.answer(ovs());
    await chart.host.bumpConfiguration.fail(uplinkError('OVSDB_DISCONNECTED', { what: 'gone' }));
    expect(chart.state()).toBe('waiting.reconnecting');
    chart.tell({ type: 'ovsdb.connection.opened' });
    expect(chart.state()).toBe('waiting.connecting');
    chart.stop();
  });

  it('after readiness is told by leaving ready, where it is watched', async () => {
    const chart = await startAsked({ once: false });
    chart.facts({ system: applied });
    expect(chart.state()).toBe('ready');
    chart.tell(lost);
    expect(chart.state()).toBe('waiting.connecting');
    chart.stop();
    expect(chart.clock.pending()).toBe(0);
  });
});

describe('the deadline', () => {
  it.each([
    ['ovsdb-server', 'no connection to OVSDB', async () => start()],
    [
      'ovs-vsctl init',
      'the database was never initialised',
      async () => {
        const chart = start();
        await chart.host.connectOvs.answer(ovs([], null));
        return chart;
      },
    ],
    [
      'ovs-vswitchd',
      'ovs-vswitchd does not answer (cur_cfg 7, asked for 8)',
      async () => {
        const chart = await startAsked();
        chart.facts({});
        return chart;
      },
    ],
    [
      'a bridge',
      'no bridge br-ext',
      async () => {
        const chart = await startAsked({ bridge: 'br-ext' });
        chart.facts({ system: applied });
        return chart;
      },
    ],
    [
      'its datapath_id',
      'bridge br-ext has no datapath_id',
      async () => {
        const chart = await startAsked({ bridge: 'br-ext' });
        chart.facts({ system: applied, bridge: { ...standing, datapathId: null } });
        return chart;
      },
    ],
    [
      'the end of flow-restore-wait',
      'flow-restore-wait is set: the bridges forward nothing until it is removed',
      async () => {
        const chart = await startAsked();
        chart.facts({ system: { ...applied, flowRestoreWait: true } });
        return chart;
      },
    ],
    [
      'the features',
      'the features of the datapath are not known',
      async () => {
        const chart = await startAsked({ bridge: 'br-ext' });
        chart.facts({ system: applied, bridge: standing });
        return chart;
      },
    ],
  ])('without %s says so, and what to do', async (_, got, make) => {
    const chart = await make();
    chart.clock.advance(DEADLINE_MS - 1);
    expect(chart.state()).toMatch(/^waiting\./);
    chart.clock.advance(1);
    expect(chart.state()).toBe('notReady');
    const failure = chart.output()?.failure;
    expect(failure).toMatchObject({ code: 'DEADLINE', got });
    expect(failure?.advice).toBeTruthy();
    expect(failure?.what).toContain(`${DEADLINE_MS} ms`);
    expect(chart.clock.pending()).toBe(0);
  });
});

it('an OVSDB that cannot be reached at all is the reason at once', async () => {
  const chart = start();
  await chart.host.connectOvs.fail(uplinkError('OVSDB_SCHEMA', { what: 'no table Bridge' }));
  expect(chart.state()).toBe('notReady');
  expect(chart.output()).toMatchObject({ ready: false, failure: { code: 'OVSDB_SCHEMA' } });
});
