import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MoveRun } from '../../../src/engine/move/run.ts';
import type { Run } from '../../../src/engine/run.ts';
import { addNamespace } from '../../../src/host/simulated/world.ts';
import { formatRecording } from '../../../src/scenario/load/format-recording.ts';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { anonymize } from '../../../src/scenario/recording/anonymize/anonymize.ts';
import { readFlight } from '../../../src/scenario/recording/read-flight.ts';
import { recordingOf } from '../../../src/scenario/recording/recording-of.ts';
import { replayRecording } from '../../../src/scenario/recording/replay-recording.ts';
import { createSimulatedFlight, type FlownRun, type SimulatedFlight } from './simulated-flight.ts';

const NETNS = '/run/netns/pod';

/** What flies is a run of whichever chart. */
const asRun = (move: MoveRun): Run => move as unknown as Run;

/** The last run of a link, through a file and back. */
async function recorded({ stateDir }: SimulatedFlight, link: string, isAnonymous: boolean) {
  const file = join(stateDir, 'move.yaml');
  const whole = recordingOf(readFlight(stateDir, link).at(-1)!, 'move', file);
  writeFileSync(file, formatRecording(isAnonymous ? anonymize(whole, { key: 'k', hostNames: [] }) : whole));
  const [scenario] = await loadScenarios(file);
  if (scenario?.kind !== 'Recording') throw new Error('not a recording');
  return scenario;
}

async function expectToReplay(flight: SimulatedFlight, { states }: FlownRun, end: string): Promise<void> {
  for (const isAnonymous of [false, true]) {
    const recording = await recorded(flight, 'ens5', isAnonymous);
    expect(recording.machine).toBe('link-move');
    const { mismatches, timeline } = await replayRecording(recording);
    expect(mismatches).toEqual([]);
    expect(timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : []))).toEqual(states);
    expect(timeline.at(-1)).toMatchObject({ type: 'end', text: end });
    if (isAnonymous) expect(JSON.stringify(recording)).not.toMatch(/ens5|net1|\/run\/netns/);
  }
}

describe('a move of a link, recorded', () => {
  it('goes on replay as it went, there and back, with other names, too', async () => {
    using flight = createSimulatedFlight('secondary-nic');
    addNamespace(flight.world, NETNS);
    const there = await flight.run(engine => asRun(engine.moveLink({ link: 'ens5', netns: NETNS, name: 'net1' })));
    expect(there.outcome).toMatchObject({ result: 'inUse' });
    await expectToReplay(flight, there, 'ended inUse');
    const back = await flight.run(engine => asRun(engine.returnLink({ link: 'ens5' })));
    expect(back.outcome).toMatchObject({ result: 'restored' });
    await expectToReplay(flight, back, 'ended restored');
  });

  it('is there up to the moment in which the process died', async () => {
    using flight = createSimulatedFlight('secondary-nic');
    addNamespace(flight.world, NETNS);
    const died = await flight.run(engine => asRun(engine.moveLink({ link: 'ens5', netns: NETNS, name: 'net1' })), {
      oracle: ({ name }) => (name === 'link.move' ? 'kill-after' : undefined),
    });
    expect(died.outcome).toBeNull();
    await expectToReplay(flight, died, 'ends in leaving.moving: the process died there');
  });
});
