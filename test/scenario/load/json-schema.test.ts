import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { scenarioJsonSchema } from '../../../src/scenario/load/json-schema.ts';
import { HOST_EXAMPLE, MACHINE_EXAMPLE } from './examples.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const published: z.core.JSONSchema.JSONSchema = JSON.parse(readFileSync(`${FIXTURES}scenario.schema.json`, 'utf8'));
const validator = z.fromJSONSchema(published);

function isValid(text: string): boolean {
  return validator.safeParse(parse(text)).success;
}

describe('the published JSON Schema', () => {
  it('is what the loader checks with: after a change run "npm run scenario-schema"', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(scenarioJsonSchema())));
  });

  it('takes each form that there is', () => {
    expect(isValid(HOST_EXAMPLE)).toBe(true);
    expect(isValid(MACHINE_EXAMPLE)).toBe(true);
  });

  it('takes every scenario that comes with ovs-uplink', () => {
    const files = globSync('scenarios/**/*.yaml', { cwd: FIXTURES });
    expect(files.filter(file => !isValid(readFileSync(`${FIXTURES}${file}`, 'utf8')))).toEqual([]);
  });

  it.each([
    ['unknown-key'],
    ['unknown-state'],
    ['unknown-event'],
    ['unknown-actor'],
    ['unknown-operation'],
    ['unknown-layout'],
    ['state-of-another-machine'],
    ['wrong-type'],
    ['no-unit'],
  ])('marks %s in an editor', name => {
    expect(isValid(readFileSync(`${FIXTURES}bad-scenarios/${name}.yaml`, 'utf8'))).toBe(false);
  });
});
