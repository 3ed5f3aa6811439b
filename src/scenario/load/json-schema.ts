import * as z from 'zod';
import { hostReference } from './schema/host-reference.ts';
import { hostScenarioSchema } from './schema/host-scenario.ts';
import { MACHINE_SCENARIO_SCHEMAS } from './schema/machine-scenario.ts';
import { moveScenarioSchema } from './schema/move-scenario.ts';
import { recordingSchema } from './schema/recording.ts';

/** What `repeat` puts a value in the place of. */
const NAME_IN_BRACES = { type: 'string', pattern: '\\$\\{\\w+\\}' } as const;

/**
 * The format as JSON Schema (draft 7, which editors know best), for `# yaml-language-server: $schema=…/scenario.schema.json`. It is made from what the
 * loader itself checks with; what contradicts itself, only the loader sees.
 */
export function scenarioJsonSchema(): Readonly<Record<string, unknown>> {
  const scenario = z.union([
    hostScenarioSchema.extend({ host: hostReference }),
    moveScenarioSchema.extend({ host: hostReference }),
    ...Object.values(MACHINE_SCENARIO_SCHEMAS),
    recordingSchema,
  ]);
  const made = z.toJSONSchema(scenario, {
    io: 'input',
    reused: 'ref',
    target: 'draft-7',
    override: ({ jsonSchema }) => allowBraces(jsonSchema),
  });
  return { $schema: made.$schema, title: 'A scenario of ovs-uplink', ...made };
}

/** Numbers, flags and words of a list: what a repeated value may stand for although it is no free text. */
function allowBraces(schema: z.core.JSONSchema.BaseSchema): void {
  const { type, enum: words, pattern } = schema;
  if (words === undefined && pattern === undefined && !['integer', 'number', 'boolean'].includes(String(type))) return;
  if (schema.const !== undefined) return;
  const said: Record<string, unknown> = {};
  for (const key of ['type', 'enum', 'pattern', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']) {
    if (schema[key] !== undefined) said[key] = schema[key];
    delete schema[key];
  }
  schema.anyOf = [said, NAME_IN_BRACES];
}
