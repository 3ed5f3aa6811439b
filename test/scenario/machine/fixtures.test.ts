import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { replayMachine } from '../../../src/scenario/machine/replay-machine.ts';
import { stateNamesOf } from '../../../src/scenario/machine/vocabulary.ts';
import type { ScenarioResult } from '../../../src/scenario/result.ts';
import type { MachineName, MachineScenario } from '../../../src/scenario/scenario.ts';
import { MACHINES } from '../../../src/scenario/scenario.ts';

const FOLDER = fileURLToPath(new URL('../../../fixtures/scenarios/machines/', import.meta.url));

async function replayAll(): Promise<readonly ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const file of globSync('*.yaml', { cwd: FOLDER }).sort()) {
    for (const scenario of await loadScenarios(`${FOLDER}${file}`)) {
      results.push(await replayMachine(scenario as MachineScenario));
    }
  }
  return results;
}

/** States of a chart that no scenario enters; one that is entered enters those above it. */
function neverEntered(machine: MachineName, results: readonly ScenarioResult[]): readonly string[] {
  const entered = results
    .filter(({ scenario }) => scenario.kind === 'MachineScenario' && scenario.machine === machine)
    .flatMap(({ timeline }) => timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : [])));
  return stateNamesOf(machine).filter(name => !entered.some(state => `${state}.`.startsWith(`${name}.`)));
}

describe('the scenarios of the charts', async () => {
  const results = await replayAll();

  it('go as expected', () => {
    expect(results.filter(({ mismatches }) => mismatches.length > 0).map(({ scenario }) => scenario.name)).toEqual([]);
  });

  it.each(MACHINES)('enter every state of %s that a chart can be seen in', machine => {
    // Left before anybody could see it.
    const unseen = machine === 'uplink-migration' || machine === 'link-move' ? ['entering'] : [];
    expect(neverEntered(machine, results)).toEqual(unseen);
  });
});
