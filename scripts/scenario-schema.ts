// Writes fixtures/scenario.schema.json: npm run scenario-schema. A test fails when it is not current.
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { scenarioJsonSchema } from '../src/scenario/load/json-schema.ts';

const file = fileURLToPath(new URL('../fixtures/scenario.schema.json', import.meta.url));
await writeFile(file, `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`);
execFileSync(fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url)), ['format', '--write', file]);
console.log('fixtures/scenario.schema.json');
