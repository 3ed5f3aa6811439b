import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadScenarios } from '../../src/scenario/load/load-scenario.ts';
import { replay } from '../../src/scenario/replay.ts';

const TEXT = await readFile('docs/scenarios.md', 'utf8');
const EXAMPLES = [...TEXT.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => ({
  name: /^name: (.*)$/m.exec(yaml)?.[1] ?? '',
  yaml,
}));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-docs-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('docs/scenarios.md', () => {
  it('has an example of each kind', () => {
    const kinds = EXAMPLES.map(({ yaml }) => /^kind: (.*)$/m.exec(yaml)?.[1]);
    expect(new Set(kinds)).toEqual(new Set(['HostScenario', 'MachineScenario', 'MoveScenario', 'Recording']));
  });

  it.each(EXAMPLES)('$name loads, and goes as it says', async ({ name, yaml }) => {
    const path = join(folder, `${name}.yaml`);
    await writeFile(path, yaml);
    const scenarios = await loadScenarios(path);
    expect(scenarios).not.toEqual([]);
    for (const scenario of scenarios) expect((await replay(scenario)).mismatches).toEqual([]);
  });
});
