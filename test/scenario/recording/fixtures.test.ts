import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { replayRecording } from '../../../src/scenario/recording/replay-recording.ts';

const FOLDER = fileURLToPath(new URL('../../../fixtures/recordings/', import.meta.url));

/** How each of them ends. */
const ENDS: Readonly<Record<string, string>> = {
  'dies-while-routes-are-switched': 'ends in cuttingOver.switchingRoutes: the process died there',
  'goes-back-when-an-address-is-taken-away': 'ended rolledBack',
  'moves-a-host-with-everything': 'ended committed',
};

it('has an end for each shipped recording', () => {
  expect(readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))).toEqual(Object.keys(ENDS).map(n => `${n}.yaml`));
});

it('names the line of the file where today differs', async () => {
  const file = join(FOLDER, 'moves-a-host-with-everything.yaml');
  const [scenario] = await loadScenarios(file);
  if (scenario?.kind !== 'Recording') throw new Error('not a recording');
  const entries = scenario.entries.map(entry =>
    'state' in entry && entry.state === 'verifying.probing' ? { ...entry, state: 'verifying.asking' } : entry,
  );
  const { mismatches } = await replayRecording({ ...scenario, entries });
  const lines = readFileSync(file, 'utf8').split('\n');
  const line = lines.findIndex(text => text.includes('state: verifying.probing')) + 1;
  expect(mismatches).toMatchObject([{ place: { file, line }, expected: 'verifying.asking', got: 'verifying.probing' }]);
});

it.each(Object.entries(ENDS))('%s goes today as it went when it was recorded', async (name, end) => {
  const [scenario] = await loadScenarios(join(FOLDER, `${name}.yaml`));
  if (scenario?.kind !== 'Recording') throw new Error('not a recording');
  expect(scenario.header['anonymized']).toBe(true);
  const { mismatches, timeline } = await replayRecording(scenario);
  expect(mismatches).toEqual([]);
  expect(timeline.at(-1)).toMatchObject({ type: 'end', text: end });
});
