import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { statePath } from '../../../src/engine/migration/state-path.ts';
import { hostSections } from '../../../src/inspect/source/host-sections.ts';
import { playScenario } from '../../../src/inspect/source/play-scenario.ts';
import { chartOf } from '../../../src/inspect/viewer/model/chart-of.ts';
import { createTrace } from '../../../src/inspect/viewer/model/trace.ts';
import type { HostView, WireMessage } from '../../../src/inspect/wire/messages.ts';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { readFlight } from '../../../src/scenario/recording/read-flight.ts';
import { recordingOf } from '../../../src/scenario/recording/recording-of.ts';
import type { Scenario } from '../../../src/scenario/scenario.ts';
import type { FlightOptions, SimulatedFlight } from '../../scenario/recording/simulated-flight.ts';
import { createSimulatedFlight, DEADLINES } from '../../scenario/recording/simulated-flight.ts';
import { expectSound, lastHost, ofType, statesOf, withoutRepeats } from './heard.ts';

const FOLDER = 'fixtures/recordings';

async function play(scenario: Scenario): Promise<readonly WireMessage[]> {
  const messages: WireMessage[] = [];
  const { mismatches } = await playScenario(scenario, message => void messages.push(message));
  expect(mismatches).toEqual([]);
  return messages;
}

/** The last run of a flight, as a recording. */
function recordingIn({ stateDir, uplink }: SimulatedFlight): Scenario {
  return recordingOf(readFlight(stateDir, uplink).at(-1)!, 'flown', 'flown.yaml');
}

async function fly(flight: SimulatedFlight, options?: FlightOptions) {
  const request = { uplink: flight.uplink, bridge: flight.bridge, deadlines: DEADLINES };
  return await flight.run(engine => engine.migrate(request), options);
}

/** The parts of a host that a recording can tell: those links, and the routes that leave by them alone. */
function comparable(host: HostView, uplinks: readonly string[]): unknown {
  const links = uplinks.map(name => {
    const { addresses, altnames, mac } = host['links']![name] as Record<string, unknown>;
    return { name, addresses: [...(addresses as string[])].sort(), altnames, mac };
  });
  const routes = Object.keys(host['routes'] ?? {}).filter(text => uplinks.some(name => text.endsWith(` dev ${name}`)));
  return { links, routes: routes.sort() };
}

describe('a recording that is played', () => {
  it.each(readdirSync(FOLDER))('%s tells every state that was recorded, in order', async file => {
    const [scenario] = await loadScenarios(`${FOLDER}/${file}`);
    if (scenario?.kind !== 'Recording') throw new Error('not a recording');
    const messages = await play(scenario);
    expectSound(messages);
    expect(messages[0]).toMatchObject({ type: '@ovs-uplink.source', kind: 'recording', isLive: false });
    const recorded = scenario.entries.flatMap(entry => ('state' in entry ? [entry.state] : []));
    expect(statesOf(messages)).toEqual(withoutRepeats(recorded));
    expect(ofType(messages, '@ovs-uplink.effect').length).toBe(scenario.entries.filter(e => 'effect' in e).length);
    expect(Object.keys(lastHost(messages)?.['links'] ?? {}).length).toBeGreaterThan(0);
  });

  it('shows the charts that the chart of the run invokes, with their states as they were', async () => {
    using flight = createSimulatedFlight();
    const live = new Map<string, string[]>();
    expect((await fly(flight)).outcome).toMatchObject({ result: 'committed' });
    const recording = recordingIn(flight);
    if (recording.kind !== 'Recording') throw new Error('not a recording');
    for (const entry of recording.entries) {
      if (!('child' in entry)) continue;
      const { name, value } = entry.child;
      live.set(name, [...(live.get(name) ?? []), statePath(value)]);
    }
    expect(live.get('ovsReadiness')?.at(-1)).toBe('passed');
    expect(live.get('altnameGuard')?.[0]).toBe('watching');
    expect([...live.keys()]).toEqual(['ovsReadiness', 'altnameGuard', 'linkOwnership']);
    const trace = createTrace();
    for (const message of await play(recording)) trace.add(message);
    const last = trace.steps.at(-1)!.id;
    for (const [name, states] of live) {
      const actor = trace.actorsAt(last).find(each => each.name === name)!;
      expect(chartOf(actor.definition)?.id).toMatch(/-/);
      const shown = trace.steps
        .map(({ id }) => statePath(trace.snapshotAt(actor.sessionId, id)?.value))
        .filter(Boolean);
      // Those that it only passed in a moment are told in one step with the next.
      expect(withoutRepeats(shown)).toEqual(withoutRepeats(states).filter(state => shown.includes(state)));
      expect(shown.at(-1)).toBe(states.at(-1));
    }
  });

  it.each(['plain', 'rich'])(
    'of a committed run of host %s shows addresses and routes on the host port at the end',
    async host => {
      using flight = createSimulatedFlight(host);
      expect((await fly(flight)).outcome).toMatchObject({ result: 'committed' });
      const messages = await play(recordingIn(flight));
      expectSound(messages);
      const kernel = flight.world.kernel.read({ routes: true });
      const now = hostSections({ kernel, muted: flight.world.kernel.mutedLinks(), ovs: undefined });
      const names = [flight.uplink, kernel.links.find(({ index }) => index === flight.world.uplinkIndex)!.name];
      expect(new Set(names).size).toBe(2);
      expect(comparable(lastHost(messages)!, names)).toEqual(comparable(now, names));
      const { links, routes } = lastHost(messages)!;
      expect(links?.[names[0]!]).toMatchObject({ addresses: expect.arrayContaining(['10.9.0.2/24']) });
      expect(links?.[names[1]!]).toMatchObject({ addresses: [] });
      expect(Object.keys(routes!).find(text => text.startsWith('default via 10.9.0.1'))).toContain(
        `dev ${flight.uplink}`,
      );
    },
  );

  it('of a run that was rolled back shows the host at the end as at the beginning', async () => {
    using flight = createSimulatedFlight();
    const { outcome, states } = await fly(flight, {
      onState: (state, run) => {
        if (state === 'verifying.probing') run.abort('enough');
      },
    });
    expect(outcome).toMatchObject({ result: 'rolledBack' });
    expect(states).toContain('rollingBack.restoringRoutes');
    const messages = await play(recordingIn(flight));
    const hosts = ofType(messages, '@ovs-uplink.host').map(one => one.host);
    const [first, last] = [hosts[0]!, hosts.at(-1)!];
    expect(hosts.length).toBeGreaterThan(5);
    expect(last['links']?.[flight.uplink]).toEqual(first['links']?.[flight.uplink]);
    expect(last['routes']).toEqual(first['routes']);
  });
});
