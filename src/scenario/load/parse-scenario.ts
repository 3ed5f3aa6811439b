import { basename } from 'node:path';
import * as z from 'zod';
import { readYaml, type YamlSource } from '../../host/simulated/description/yaml-source.ts';
import { MACHINES, type MachineName, type Scenario } from '../scenario.ts';
import { buildHostScenario } from './build-host-scenario.ts';
import { buildMachineScenario, buildRecording } from './build-machine-scenario.ts';
import { buildMoveScenario } from './build-move-scenario.ts';
import { checkHostScenario } from './check-host-scenario.ts';
import { checkPatterns } from './check-patterns.ts';
import type { HostReader } from './host-reader.ts';
import { maxLengthOf } from './read-scenario-text.ts';
import { nameOf, variantsOf } from './repeat.ts';
import { head } from './schema/head.ts';
import { hostScenarioSchema } from './schema/host-scenario.ts';
import { MACHINE_SCENARIO_SCHEMAS } from './schema/machine-scenario.ts';
import { moveScenarioSchema } from './schema/move-scenario.ts';
import { recordingSchema } from './schema/recording.ts';

const KINDS = ['HostScenario', 'MachineScenario', 'MoveScenario', 'Recording'] as const;

const beginning = z.looseObject(
  {
    apiVersion: head.apiVersion,
    kind: z.enum(KINDS, KINDS.join(', ')).meta({ title: 'kind' }),
    machine: z.enum(MACHINES, MACHINES.join(', ')).meta({ title: 'machine' }).optional(),
    repeat: head.repeat,
  },
  'keys and values',
);

/** Reads the scenario in a text: several when it repeats over values. Rejects with `USAGE` that begins with `file:line:column`. */
export async function parseScenarios(text: string, file: string, hosts: HostReader): Promise<readonly Scenario[]> {
  const maxLength = maxLengthOf(text);
  const first = readYaml(text, file, { maxLength });
  const { kind, machine, repeat } = parse(beginning, first);
  if (kind === 'Recording') return [buildRecording(parse(recordingSchema, first), first)];
  const scenarios: Scenario[] = [];
  for (const substitutes of variantsOf(first, repeat)) {
    const source = repeat === undefined ? first : readYaml(text, file, { maxLength, substitutes });
    const read = await readAs(kind, source, hosts, machine);
    checkName(read.name, file, source);
    scenarios.push({ ...read, name: nameOf(read.name, substitutes) });
  }
  return scenarios;
}

function readAs(
  kind: Exclude<Scenario['kind'], 'Recording'>,
  source: YamlSource,
  hosts: HostReader,
  machine: MachineName | undefined,
): Promise<Scenario> | Scenario {
  switch (kind) {
    case 'HostScenario':
      return readHostScenario(source, hosts);
    case 'MoveScenario':
      return readMoveScenario(source, hosts);
    case 'MachineScenario':
      return readMachineScenario(source, machine);
  }
}

async function readMoveScenario(source: YamlSource, hosts: HostReader): Promise<Scenario> {
  const document = parse(moveScenarioSchema, source);
  return buildMoveScenario(document, await hosts.read(source.under(['host'])), source);
}

async function readHostScenario(source: YamlSource, hosts: HostReader): Promise<Scenario> {
  const document = parse(hostScenarioSchema, source);
  checkHostScenario(document, source);
  return buildHostScenario(document, await hosts.read(source.under(['host'])), source);
}

function readMachineScenario(source: YamlSource, machine: MachineName | undefined): Scenario {
  if (machine === undefined) {
    throw source.errorAt([], 'the machine is missing', { expected: `machine: one of ${MACHINES.join(', ')}` });
  }
  const document = parse(MACHINE_SCENARIO_SCHEMAS[machine], source);
  checkPatterns(document, source);
  return buildMachineScenario(document, source);
}

function parse<T extends z.ZodType>(schema: T, source: YamlSource): z.output<T> {
  const parsed = schema.safeParse(source.data);
  if (!parsed.success) throw source.firstOf(parsed.error.issues, schema);
  return parsed.data;
}

/** As that of its file, so that a result leads to its scenario. */
function checkName(name: string, file: string, source: YamlSource): void {
  const expected = basename(file).replace(/\.ya?ml$/, '');
  if (name !== expected) throw source.errorAt(['name'], 'the name is not that of the file', { expected, got: name });
}
