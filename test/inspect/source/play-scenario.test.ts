import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { World } from '../../../src/host/simulated/world.ts';
import { hostSections } from '../../../src/inspect/source/host-sections.ts';
import { playScenario } from '../../../src/inspect/source/play-scenario.ts';
import { longestOutage, stretchesOf } from '../../../src/inspect/viewer/model/outage.ts';
import type { WireMessage } from '../../../src/inspect/wire/messages.ts';
import { plain } from '../../../src/inspect/wire/plain.ts';
import { createHostReader } from '../../../src/scenario/load/host-reader.ts';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { replay } from '../../../src/scenario/replay.ts';
import type { ScenarioResult } from '../../../src/scenario/result.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';
import { expectSound, isWithin, lastHost, ofType, passedStatesOf, statesOf, withoutRepeats } from './heard.ts';

const HOST_RUNS = 'fixtures/scenarios/addresses/order-on-the-host-port.yaml';
const SILENT = 'fixtures/scenarios/rollback/silent-after-takes-everything-back.yaml';

async function load(file: string): Promise<Scenario> {
  const [scenario] = await loadScenarios(file);
  return scenario!;
}

async function play(
  scenario: Scenario,
): Promise<{ readonly messages: WireMessage[]; readonly result: ScenarioResult }> {
  const messages: WireMessage[] = [];
  const result = await playScenario(scenario, message => void messages.push(message));
  return { messages, result };
}

/** States that the time line tells, each once in a row. */
function toldStates({ timeline }: ScenarioResult): readonly string[] {
  return withoutRepeats(timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : [])));
}

/** What the world of a replay is like at its end. */
async function lastWorld(scenario: Scenario): Promise<unknown> {
  let last: unknown;
  await replay(scenario, {
    onWorld: ({ kernel, ovs }: World) => {
      last = hostSections({ kernel: kernel.read({ routes: true }), ovs: ovs.database(), muted: kernel.mutedLinks() });
    },
  });
  return plain(last);
}

const outageOf = (messages: readonly WireMessage[]): number => {
  const probes = ofType(messages, '@ovs-uplink.probe').map(one => ({ ...one, atMs: Number(one.createdAt) }));
  return longestOutage(stretchesOf(probes, 'gateways', Number(messages.at(-1)!.createdAt)));
};

describe('a scenario that is played', () => {
  it.each([
    ['of a host', SILENT],
    ['of a move', globSync('fixtures/scenarios/moves/*.yaml').sort()[0]!],
  ])('%s tells every state in order, and the host as it is at the end', async (_of, file) => {
    const scenario = await load(file);
    const { messages, result } = await play(scenario);
    expectSound(messages);
    expect(result.mismatches).toEqual([]);
    expect(messages[0]).toMatchObject({ type: '@ovs-uplink.source', kind: 'scenario', isLive: false });
    expect(toldStates(result).length).toBeGreaterThan(3);
    expect(isWithin(toldStates(result), statesOf(messages)), `${toldStates(result)} in ${statesOf(messages)}`).toBe(
      true,
    );
    expect(lastHost(messages)).toEqual(await lastWorld(scenario));
  });

  it('of a chart alone tells every state in order, and no host', async () => {
    const files = globSync('fixtures/scenarios/machines/*.yaml').sort();
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const { messages, result } = await play(await load(file));
      expectSound(messages);
      expect(toldStates(result).length).toBeGreaterThan(0);
      // It also tells of states that are left again with the same event.
      expect(isWithin(toldStates(result), passedStatesOf(messages)), file).toBe(true);
      expect(lastHost(messages)).toBeUndefined();
    }
  });

  it('tells of effects, notes and the end, as the time line has them', async () => {
    const { messages, result } = await play(await load(SILENT));
    const effects = result.timeline.flatMap(entry => (entry.type === 'effect' ? [entry.text] : []));
    expect(effects.length).toBeGreaterThan(3);
    expect(ofType(messages, '@ovs-uplink.effect').map(({ text }) => text)).toEqual(effects);
    const end = result.timeline.findLast(entry => entry.type === 'end');
    expect(ofType(messages, '@ovs-uplink.note').at(-1)).toMatchObject({ kind: 'end', text: end?.text });
  });

  it('tells of an outage where there was one, and of none where there was none', async () => {
    expect(outageOf((await play(await load(SILENT))).messages)).toBeGreaterThan(0);
    const { messages } = await play(await load(HOST_RUNS));
    expect(ofType(messages, '@ovs-uplink.probe').length).toBeGreaterThan(0);
    expect(outageOf(messages)).toBe(0);
  });

  it('ends when it is aborted', async () => {
    const stop = new AbortController();
    const heard: WireMessage[] = [];
    const played = playScenario(
      await load(SILENT),
      message => {
        heard.push(message);
        if (message.type === '@ovs-uplink.effect') stop.abort(new Error('enough'));
      },
      stop.signal,
    );
    await expect(played).rejects.toThrow('enough');
    expect(ofType(heard, '@ovs-uplink.effect').length).toBeLessThan(3);
  });
});

it('plays the scenarios of the catalogue, with all states', async () => {
  const hosts = createHostReader();
  let count = 0;
  // A third in CI, for its time; `OVS_UPLINK_LAB_SCENARIOS=all` plays all.
  const nth = process.env['OVS_UPLINK_LAB_SCENARIOS'] === 'all' ? 1 : 3;
  const files = globSync('fixtures/scenarios/**/*.yaml').sort();
  for (const file of files.filter((_, at) => at % nth === 0)) {
    for (const scenario of await loadScenarios(file, hosts)) {
      const { messages, result } = await play(scenario);
      const [told, passed] = [toldStates(result), passedStatesOf(messages)];
      if (!isWithin(told, passed)) throw new Error(`${scenario.name}: ${told} in ${passed}`);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(300 / nth);
}, 120_000);
