import { describe, expect, it } from 'vitest';
import { CHART_RESTARTED } from '../../../src/engine/flight/flight-line.ts';
import { readFlight } from '../../../src/scenario/recording/read-flight.ts';
import { recordingOf } from '../../../src/scenario/recording/recording-of.ts';
import { replayRecording } from '../../../src/scenario/recording/replay-recording.ts';
import type { ScenarioResult } from '../../../src/scenario/result.ts';
import type { RecordedEntry, Recording } from '../../../src/scenario/scenario.ts';
import { createSimulatedFlight, DEADLINES, type SimulatedFlight } from './simulated-flight.ts';

describe('the replay of a recording', () => {
  it('goes through the states of a committed migration, and says how it ended', async () => {
    using flight = createSimulatedFlight('rich');
    const { states } = await flight.run(engine => engine.migrate(requestOf(flight)));
    const replayed = await replayRecording(lastOf(flight));
    expect(replayed.mismatches).toEqual([]);
    expect(statesOf(replayed)).toEqual(states);
    expect(replayed.timeline.at(-1)).toMatchObject({ type: 'end', text: 'ended committed' });
  });

  it('goes back where the recorded run went back, with the reason that it had', async () => {
    using flight = createSimulatedFlight();
    const { states, outcome } = await flight.run(engine => engine.migrate(requestOf(flight)), {
      oracle: ({ name }) => (name === 'route.replace' || name === 'route.add' ? 'refused' : undefined),
    });
    expect(outcome?.result).toBe('rolledBack');
    const replayed = await replayRecording(lastOf(flight));
    expect(replayed.mismatches).toEqual([]);
    expect(statesOf(replayed)).toEqual(states);
    expect(replayed.timeline.find(entry => entry.type === 'failure')).toMatchObject({ code: outcome?.failure?.code });
  });

  it('lets a deadline pass where it passed, and nowhere else', async () => {
    using flight = createSimulatedFlight();
    const { states, outcome } = await flight.run(engine => engine.migrate(requestOf(flight)), {
      oracle: ({ name }) => (name === 'ovs.uplink.attach' ? 'hang' : undefined),
    });
    expect(outcome?.failure?.code).toBe('DEADLINE');
    const replayed = await replayRecording(lastOf(flight));
    expect(replayed.mismatches).toEqual([]);
    expect(statesOf(replayed)).toEqual(states);
    expect(
      replayed.timeline.filter(entry => entry.type === 'event' && entry.text === 'stepDeadline passed'),
    ).toHaveLength(1);
  });

  it('takes what a person asked for: confirm, abort and restore', async () => {
    using flight = createSimulatedFlight();
    const request = { ...requestOf(flight), confirmWithinMs: 1_500 };
    const confirmed = await flight.run(engine => engine.migrate(request), {
      onState: (state, run) => state === 'confirming' && run.confirm(),
    });
    expect(statesOf(await replayed(flight))).toEqual(confirmed.states);
    const restored = await flight.run(engine => engine.restore({ uplink: flight.uplink }));
    expect(restored.outcome?.result).toBe('rolledBack');
    expect(statesOf(await replayed(flight))).toEqual(restored.states);
    const aborted = await flight.run(engine => engine.migrate(request), {
      onState: (state, run) => state === 'confirming' && run.abort('changed my mind'),
    });
    const again = await replayed(flight);
    expect(statesOf(again)).toEqual(aborted.states);
    expect(again.timeline).toContainEqual(expect.objectContaining({ type: 'event', text: 'ABORT changed my mind' }));
  });

  it('ends in the state in which the process died', async () => {
    using flight = createSimulatedFlight();
    const { outcome } = await flight.run(engine => engine.migrate(requestOf(flight)), {
      oracle: ({ name }) => (name === 'route.replace' || name === 'route.add' ? 'kill-before' : undefined),
    });
    expect(outcome).toBeNull();
    const result = await replayed(flight);
    expect(result.timeline.at(-1)).toMatchObject({
      type: 'end',
      text: 'ends in cuttingOver.switchingRoutes: the process died there',
    });
  });

  it('goes back with the next process from where the one before died', async () => {
    using flight = createSimulatedFlight();
    await flight.run(engine => engine.migrate(requestOf(flight)), {
      oracle: ({ name }) => (name === 'route.replace' || name === 'route.add' ? 'kill-after' : undefined),
    });
    const { states } = await flight.run(engine => engine.restore({ uplink: flight.uplink, deadlines: DEADLINES }));
    expect(states.at(-1)).toBe('rolledBack');
    expect(statesOf(await replayed(flight))).toEqual(states);
  });

  it('names the first state that today differs, and where that stands in the file', async () => {
    using flight = createSimulatedFlight();
    await flight.run(engine => engine.migrate(requestOf(flight)));
    const recording = placed(lastOf(flight));
    const at = recording.entries.findIndex(entry => 'state' in entry && entry.state === 'cuttingOver.mutingUplink');
    const entries = recording.entries.map((entry, index) =>
      index === at ? { ...entry, state: 'cuttingOver.silencingUplink' } : entry,
    );
    const { mismatches, timeline } = await replayRecording({ ...recording, entries });
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]).toMatchObject({
      place: { file: 'recorded.yaml', line: at + 1 },
      expected: 'cuttingOver.silencingUplink',
      got: 'cuttingOver.mutingUplink',
    });
    // The last entries before it are the end of the time line.
    expect(timeline.findLast(entry => entry.type === 'state')).toMatchObject({ state: 'cuttingOver.awaitingUplink' });
  });

  it('calls events, answers and charts that are not there any more a difference', async () => {
    using flight = createSimulatedFlight();
    await flight.run(engine => engine.migrate(requestOf(flight)));
    const recording = placed(lastOf(flight));
    const withEvent = (type: string): Recording => ({
      ...recording,
      entries: recording.entries.toSpliced(1, 0, { atMs: 0, event: { type } }),
    });
    for (const type of ['netlink.qdisc.changed', 'xstate.done.actor.0.uplink-migration.asking', 'xstate.after.x.y']) {
      const { mismatches } = await replayRecording(withEvent(type));
      expect(mismatches, type).toHaveLength(1);
      expect(mismatches[0]?.expected).toBe(type);
    }
    const { mismatches } = await replayRecording({ ...recording, machine: 'altname-guard' });
    expect(mismatches[0]).toMatchObject({ what: 'the chart', got: 'altname-guard' });
  });

  it('notices an answer that is not given any more', async () => {
    using flight = createSimulatedFlight();
    await flight.run(engine => engine.migrate(requestOf(flight)));
    const recording = placed(lastOf(flight));
    const answer = recording.entries.findIndex(
      entry => 'event' in entry && entry.event.type === 'xstate.done.actor.0.uplink-migration.preparing.locking',
    );
    expect(answer).toBeGreaterThan(0);
    const { mismatches } = await replayRecording({ ...recording, entries: recording.entries.toSpliced(answer, 1) });
    expect(mismatches[0]).toMatchObject({ expected: 'preparing.armingGuard', got: 'stays in preparing.locking' });
  });

  it('goes on with the chart that took the place of one that failed', async () => {
    using flight = createSimulatedFlight();
    await flight.run(engine => engine.migrate(requestOf(flight)));
    const recording = placed(lastOf(flight));
    const at = recording.entries.findIndex(
      entry => 'event' in entry && entry.event.type.endsWith('cuttingOver.switchingRoutes'),
    );
    const { type } = (recording.entries[at] as { readonly event: { readonly type: string } }).event;
    // An answer that no step gives: today's chart fails on it, too.
    const failing = [...recording.entries.slice(0, at), { atMs: 1, event: { type, output: null } }];
    const input = { ...recording.input, entry: 'rollingBack' };
    const restarted = [
      { atMs: 2, event: { type: CHART_RESTARTED, input } },
      { atMs: 2, state: 'takingOver' },
    ];
    const header = { ...recording.header, end: null };
    const { mismatches, timeline } = await replayRecording({
      ...recording,
      header,
      entries: [...failing, ...restarted],
    });
    expect(mismatches).toEqual([]);
    expect(timeline.at(-1)).toMatchObject({ text: 'ends in takingOver: the process died there' });
    const unfailing = { ...recording, entries: [...failing, ...recording.entries.slice(at + 1)] };
    expect((await replayRecording(unfailing)).mismatches[0]?.got).toContain('the chart fails');
  });

  it('goes as the recorded run went, whatever went wrong with it', async () => {
    const kinds = ['refused', 'answer-lost', 'hang', 'slow', 'kill-before', 'kill-after'] as const;
    let operations = 0;
    using whole = createSimulatedFlight();
    await whole.run(engine => engine.migrate(requestOf(whole)), {
      oracle: () => {
        operations += 1;
        return undefined;
      },
    });
    expect(operations).toBeGreaterThan(50);
    for (let nth = 0; nth < operations; nth += 3) {
      using flight = createSimulatedFlight();
      let asked = -1;
      const { states, outcome } = await flight.run(engine => engine.migrate(requestOf(flight)), {
        oracle: () => {
          asked += 1;
          return asked === nth ? kinds[(nth / 3) % kinds.length] : undefined;
        },
      });
      const result = await replayed(flight);
      // Of one that died the last state may not have been told.
      expect(statesOf(result).slice(0, states.length)).toEqual(states);
      if (outcome !== null) expect(statesOf(result)).toEqual(states);
    }
  });

  it('stops where it is told to', async () => {
    using flight = createSimulatedFlight();
    await flight.run(engine => engine.migrate(requestOf(flight)));
    const result = await replayRecording(lastOf(flight), { untilState: 'cuttingOver' });
    expect(result.timeline.at(-1)).toMatchObject({ type: 'state', state: 'cuttingOver.attachingUplink' });
  });
});

function requestOf({ uplink, bridge }: SimulatedFlight) {
  return { uplink, bridge, deadlines: DEADLINES };
}

function lastOf({ stateDir, uplink }: SimulatedFlight): Recording {
  const run = readFlight(stateDir, uplink).at(-1);
  if (run === undefined) throw new Error('nothing was recorded');
  return recordingOf(run, 'recorded', 'recorded.yaml');
}

/** Each entry on a line of its own. */
function placed(recording: Recording): Recording {
  const entries = recording.entries.map(
    (entry, index): RecordedEntry => ({ ...entry, place: { file: 'recorded.yaml', line: index + 1, column: 1 } }),
  );
  return { ...recording, entries };
}

async function replayed(flight: SimulatedFlight): Promise<ScenarioResult> {
  const result = await replayRecording(lastOf(flight));
  expect(result.mismatches).toEqual([]);
  return result;
}

function statesOf({ timeline }: ScenarioResult): readonly string[] {
  return timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : []));
}
