import { replayHost } from '../../../src/scenario/host/replay-host.ts';
import { createHostReader } from '../../../src/scenario/load/host-reader.ts';
import { parseScenarios } from '../../../src/scenario/load/parse-scenario.ts';
import type { ReplayOptions, ScenarioResult } from '../../../src/scenario/result.ts';
import type { HostScenario } from '../../../src/scenario/scenario.ts';

const HEAD = 'apiVersion: ovs-uplink/v1\nkind: HostScenario\nname: told\ntitle: Told by a test\n';
/** Lines before the text of a test. */
export const HEAD_LINES = HEAD.split('\n').length - 1;

/** A scenario on the plain host (unless it says another one) from everything below its head. */
export async function scenarioOf(text: string): Promise<HostScenario> {
  const host = /^host:/m.test(text) ? '' : 'host: plain\n';
  const [scenario] = await parseScenarios(`${HEAD}${text.trimStart()}\n${host}`, 'told.yaml', createHostReader());
  if (scenario?.kind !== 'HostScenario') throw new TypeError('no scenario of a host');
  return scenario;
}

/** Replays one. */
export async function play(text: string, options?: ReplayOptions): Promise<ScenarioResult> {
  return await replayHost(await scenarioOf(text), options);
}

/** Mismatches as lines: `told.yaml:7 what: expected …, got …`. */
export function linesOf({ mismatches }: ScenarioResult): readonly string[] {
  return mismatches.map(
    ({ place, what, expected, got }) => `${place.line - HEAD_LINES} ${what}: expected ${expected}, got ${got}`,
  );
}

/** The mismatches of some scenarios in plain data, for a process with a planted bug. */
export async function linesOfPlaying(texts: readonly string[]): Promise<readonly (readonly string[])[]> {
  const lines: (readonly string[])[] = [];
  for (const text of texts) lines.push(linesOf(await play(text)));
  return lines;
}

/** The states that were entered. */
export function statesOf({ timeline }: ScenarioResult): readonly string[] {
  return timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : []));
}
