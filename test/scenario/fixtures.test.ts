import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadScenarios } from '../../src/scenario/load/load-scenario.ts';
import { replay } from '../../src/scenario/replay.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/scenarios/', import.meta.url));
const FILES = globSync('**/*.yaml', { cwd: FOLDER }).sort();

describe('the catalogue of failures', () => {
  it('has seventy scenarios at least, each with a name of its own', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(70);
    expect(new Set(FILES.map(file => basename(file))).size).toBe(FILES.length);
  });

  describe.for(FILES)('%s', file => {
    let scenarios: readonly Scenario[];
    beforeAll(async () => {
      scenarios = await loadScenarios(`${FOLDER}${file}`);
    });

    it('says what it guards against, and what is right', () => {
      for (const { failures, guards, expected } of scenarios) {
        expect(failures).not.toEqual([]);
        expect(guards).toBeTruthy();
        expect(expected).toBeTruthy();
      }
    });

    it('goes as expected, twice alike', async () => {
      for (const scenario of scenarios) {
        const first = await replay(scenario);
        expect(first.mismatches).toEqual([]);
        expect((await replay(scenario)).trace).toBe(first.trace);
      }
    });
  });
});
