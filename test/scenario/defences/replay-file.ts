import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { replay } from '../../../src/scenario/replay.ts';

/** Replays a file and tells what is not as expected, one text each. */
export async function replayFile(file: string): Promise<readonly string[]> {
  const told: string[] = [];
  for (const scenario of await loadScenarios(file)) {
    const { mismatches } = await replay(scenario);
    told.push(...mismatches.map(({ what, expected, got }) => `${what}: expected ${expected}, got ${got}`));
  }
  return told;
}
