import { describe, expect, it } from 'vitest';
import { replayMachine } from '../../../src/scenario/machine/replay-machine.ts';
import { stateNamesOf } from '../../../src/scenario/machine/vocabulary.ts';
import type { TimelineEntry } from '../../../src/scenario/result.ts';
import { advance, done, expecting, reach, scenarioOf, send } from './scenarios.ts';

const PLACE = { file: 'here.yaml', line: 20, column: 3 };

function statesOf(timeline: readonly TimelineEntry[]): readonly string[] {
  return timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : []));
}

describe('the undisturbed course', () => {
  it('leads the migration to its end and the way back to the start, as the engine takes them', async () => {
    const steps = [reach('committed'), send('RESTORE'), reach('rolledBack')];
    const { mismatches, timeline } = await replayMachine(scenarioOf('uplink-migration', steps));
    expect(mismatches).toEqual([]);
    const states = statesOf(timeline);
    const passed = ['gating', 'preparing.standing.renamingUplink', 'cuttingOver.awaitingUplink', 'committed'];
    expect(states.filter(state => passed.includes(state))).toEqual(passed);
    // Of the states of the way back, each is passed.
    const back = stateNamesOf('uplink-migration').filter(state => state.startsWith('rollingBack.'));
    expect(states.filter(state => state.startsWith('rollingBack.'))).toEqual(back);
  });

  it.each(['host-port', 'bridge-port', 'exchange-names'])('is that of the layout %s', async layout => {
    const input = { request: { layout } };
    const { mismatches } = await replayMachine(scenarioOf('uplink-migration', [reach('committed')], { input }));
    expect(mismatches).toEqual([]);
  });

  it('rests in a state that is reached: what the chart waits for there does not come', async () => {
    const steps = [reach('cuttingOver.switchingRoutes'), expecting(null, { invoked: ['forwardStep'] }), advance(9_999)];
    const { mismatches, timeline } = await replayMachine(scenarioOf('uplink-migration', steps));
    expect(mismatches).toEqual([]);
    expect(statesOf(timeline).at(-1)).toBe('cuttingOver.switchingRoutes');
  });

  it('says where it ends when it leads elsewhere', async () => {
    const error = { code: 'LOCK_HELD', what: 'another one works here' } as const;
    const scenario = scenarioOf('uplink-migration', [reach('cuttingOver')], { answers: { acquireLock: { error } } });
    const { mismatches } = await replayMachine(scenario);
    expect(mismatches).toMatchObject([{ expected: 'to reach cuttingOver', got: 'refused', place: { line: 1 } }]);
  });
});

describe('what a scenario does not say', () => {
  it('of an event is as it was told last', async () => {
    const steps = [
      send('netlink.link.changed', { link: { altnames: ['eth0'] } }),
      send('netlink.link.changed', { link: { mtu: 9000 } }),
      expecting('removingAltname', { context: { link: { name: 'eth0~', altnames: ['eth0'], mtu: 9000 } } }),
    ];
    expect((await replayMachine(scenarioOf('altname-guard', steps))).mismatches).toEqual([]);
  });

  it('of a row that is not there yet is that of the plain host, in order', async () => {
    const steps = [
      done('connectOvsdb', { bridge: { datapathId: null } }),
      expecting(null, { context: { ovs: { bridge: { name: 'br-ext', datapathId: null, datapathType: 'netdev' } } } }),
      send('ovsdb.facts.changed', { ovs: { bridge: { datapathId: '00001122' } } }),
      expecting(null, { context: { ovs: { bridge: { name: 'br-ext', datapathId: '00001122' } } } }),
    ];
    expect((await replayMachine(scenarioOf('ovs-readiness', steps))).mismatches).toEqual([]);
  });

  it('of an answer is what the engine itself gives', async () => {
    const steps = [
      done('assess', { verdict: 'refuse' }),
      expecting('refused', { context: { plan: { uplinkIndex: 2 } } }),
    ];
    expect((await replayMachine(scenarioOf('uplink-migration', steps))).mismatches).toEqual([]);
  });

  it('of the input of a run that resumes is what its journal would have', async () => {
    const steps = [
      expecting('takingOver', { context: { plan: { uplinkIndex: 2 }, request: { uplink: 'eth0', bridge: 'br-ext' } } }),
      done('takeOver'),
      done('armGuard'),
      expecting('verifying.announcing'),
    ];
    const input = { entry: 'verifying' };
    expect((await replayMachine(scenarioOf('uplink-migration', steps, { input }))).mismatches).toEqual([]);
  });
});

describe('time', () => {
  it('stands still but for steps that let it go on', async () => {
    const { virtualMs, timeline } = await replayMachine(
      scenarioOf('uplink-migration', [reach('verifying.probing'), advance(250), reach('committed')]),
    );
    expect(virtualMs).toBe(250);
    expect(timeline.find(entry => entry.type === 'state' && entry.state === 'committed')?.atMs).toBe(250);
  });

  it('goes on no further than an expectation needs', async () => {
    const { mismatches, virtualMs } = await replayMachine(
      scenarioOf('ovs-readiness', [expecting('notReady', { withinMs: 60_000 })]),
    );
    expect(mismatches).toEqual([]);
    expect(virtualMs).toBe(30_000);
  });

  it('is up for an expectation that does not come true in it', async () => {
    const { mismatches, virtualMs } = await replayMachine(
      scenarioOf('ovs-readiness', [expecting('notReady', { withinMs: 29_999 })]),
    );
    expect(mismatches).toMatchObject([{ expected: 'notReady', got: expect.stringMatching(/^waiting\.connecting/) }]);
    expect(virtualMs).toBe(29_999);
  });
});

describe('what is not as expected', () => {
  it('is told with its place, and nothing that follows from it', async () => {
    const steps = [expecting('ready'), done('bumpConfiguration'), expecting('passed')];
    const { mismatches } = await replayMachine(scenarioOf('ovs-readiness', steps));
    expect(mismatches).toMatchObject([
      {
        what: 'the state',
        expected: 'ready',
        got: 'waiting.connecting, which waits for connectOvsdb',
        place: { line: 1 },
      },
    ]);
  });

  it.each([
    ['an answer to nobody', done('readFeatures'), { what: 'answer of readFeatures', got: /connectOvsdb/ }],
    ['an event that no state takes', send('netlink.link.renamed'), { what: 'event netlink.link.renamed' }],
    [
      'a field of the context',
      expecting(null, { context: { deadlineMs: 1 } }),
      { what: 'context.deadlineMs', got: /30000/ },
    ],
    ['an actor that is not asked', expecting(null, { invoked: ['bumpConfiguration'] }), { got: /connectOvsdb/ }],
  ])('%s', async (_, step, expected) => {
    const { mismatches } = await replayMachine(scenarioOf('ovs-readiness', [step]));
    const { got = /./, ...rest } = expected as { readonly got?: RegExp };
    expect(mismatches).toMatchObject([{ ...rest, got: expect.stringMatching(got), place: { line: 1 } }]);
  });

  it.each([
    ['an event', [send('ovsdb.facts.changed', { ovs: { system: { curcfg: 7 } } })], {}, 'ovs.system.curcfg'],
    ['an event of another kind', [send('ovsdb.facts.changed', { link: {} })], {}, 'link'],
    ['an answer', [done('connectOvsdb', { systm: {} })], {}, 'output.systm'],
    ['the input', [advance(1)], { input: { brige: 'br-ext' } }, 'input.brige'],
  ])('a field of %s that there is not', async (_, steps, rest, what) => {
    const { mismatches } = await replayMachine(scenarioOf('ovs-readiness', steps, rest));
    expect(mismatches).toMatchObject([{ what, got: 'one that is not known' }]);
  });

  it('an event after the end', async () => {
    const steps = [reach('passed'), send('ovsdb.facts.changed')];
    const { mismatches } = await replayMachine(scenarioOf('ovs-readiness', steps));
    expect(mismatches).toMatchObject([{ got: 'it ended in passed' }]);
  });

  it('but a network that goes on talking is none', async () => {
    const steps = [reach('rollingBack.restoringName'), send('ovsdb.connection.opened'), send('CONFIRM')];
    const input = { entry: 'rollingBack' };
    const { mismatches, timeline } = await replayMachine(scenarioOf('uplink-migration', steps, { input }));
    expect(mismatches).toEqual([]);
    expect(timeline.at(-1)).toMatchObject({ type: 'event', text: 'CONFIRM, which nothing here takes' });
  });

  it('a chart that throws', async () => {
    const answers = { assess: { output: { verdict: 'refuse', findings: 'none' } } };
    const { mismatches } = await replayMachine(scenarioOf('uplink-migration', [advance(0)], { answers }));
    expect(mismatches).toMatchObject([{ what: 'the chart', got: expect.stringContaining('TypeError') }]);
  });

  it('a chart that goes round in circles', async () => {
    const steps = [reach('confirming'), expecting('confirming')];
    const answers = { rollbackStep: { error: { code: 'DEFECT', what: 'never' } } } as const;
    const input = { request: { confirmWithinMs: 1, deadlines: { retryMs: 1 } }, maxAttempts: 10_000 };
    const { mismatches } = await replayMachine(
      scenarioOf('uplink-migration', [...steps, expecting('refused', { withinMs: 60_000 })], { answers, input }),
    );
    expect(mismatches.map(({ got }) => got)).toContain(
      'RangeError: goes round in circles: rollbackStep restoringUplinkAddresses',
    );
  });

  it('something that shows and never shall, and something that never shows', async () => {
    const { mismatches, timeline } = await replayMachine(
      scenarioOf('ovs-readiness', [reach('passed')], {
        never: [{ state: 'waiting.awaitingFlowRestore', place: PLACE }],
        eventually: [
          { effect: 'readFeatures', place: PLACE },
          { effect: 'bumpConfiguration', place: PLACE },
        ],
      }),
    );
    expect(mismatches).toMatchObject([
      { what: 'never state waiting.awaitingFlowRestore', place: PLACE },
      { what: 'eventually effect readFeatures', place: PLACE, at: null },
    ]);
    expect(timeline[mismatches[0]?.at ?? -1]).toMatchObject({ state: 'waiting.awaitingFlowRestore' });
  });
});

describe('a replay', () => {
  it('has the same trace for the same scenario, and another for another', async () => {
    const traceOf = async (ms: number): Promise<string> =>
      (await replayMachine(scenarioOf('uplink-migration', [reach('verifying'), advance(ms), reach('committed')])))
        .trace;
    expect(await traceOf(1)).toBe(await traceOf(1));
    expect(await traceOf(1)).not.toBe(await traceOf(2));
  });

  it('stops in the state that it is asked to stop in, and expects nothing of what would come', async () => {
    const scenario = scenarioOf('uplink-migration', [reach('committed'), expecting('refused')], {
      eventually: [{ state: 'rolledBack', place: PLACE }],
    });
    const told: TimelineEntry[] = [];
    const { mismatches, timeline } = await replayMachine(scenario, {
      untilState: 'cuttingOver',
      onEntry: entry => told.push(entry),
    });
    expect(mismatches).toEqual([]);
    expect(timeline.at(-1)).toMatchObject({ type: 'state', state: 'cuttingOver.attachingUplink' });
    expect(told).toEqual(timeline);
  });

  it('forgets an actor that the chart stopped', async () => {
    const steps = [
      reach('cuttingOver.mutingUplink'),
      send('ABORT'),
      expecting('rollingBack.unmutingUplink', { invoked: ['rollbackStep'] }),
      done('forwardStep'),
    ];
    const { mismatches } = await replayMachine(scenarioOf('uplink-migration', steps));
    expect(mismatches).toMatchObject([{ what: 'answer of forwardStep', place: { line: 4 } }]);
  });

  it('answers actors of charts below under their own names', async () => {
    const steps = [
      reach('preparing.standing.makingHostPort'),
      send('netlink.link.changed', { link: { altnames: ['eth0'] } }),
      expecting(null, { invoked: ['forwardStep', 'removeAltname'] }),
      done('removeAltname'),
      expecting('preparing.standing.makingHostPort'),
    ];
    const { mismatches, timeline } = await replayMachine(scenarioOf('uplink-migration', steps));
    expect(mismatches).toEqual([]);
    expect(timeline).toContainEqual({ atMs: 0, type: 'observed', text: 'altnameGuard: removingAltname' });
  });
});
