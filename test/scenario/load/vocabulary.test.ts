import { describe, expect, it } from 'vitest';
import { JOURNAL_STAGES } from '../../../src/engine/journal/record.ts';
import { createHostReader } from '../../../src/scenario/load/host-reader.ts';
import { parseScenarios } from '../../../src/scenario/load/parse-scenario.ts';
import { OPERATIONS } from '../../../src/scenario/load/vocabulary/operations.ts';
import type { HostScenario } from '../../../src/scenario/scenario.ts';
import { COURSES } from '../../../src/verify/explore/explore-case.ts';
import { INCIDENTS } from '../../../src/verify/explore/incident.ts';
import { runCase } from '../../../src/verify/explore/run-case.ts';

const hosts = createHostReader();
const HEAD = 'apiVersion: ovs-uplink/v1\nkind: HostScenario\nname: x\ntitle: x\nruns: [{ recover: {} }]\n';

async function read(rest: string): Promise<HostScenario> {
  const [scenario] = await parseScenarios(HEAD + rest, 'x.yaml', hosts);
  return scenario as HostScenario;
}

describe('operations that a scenario may name', () => {
  it.each(['plain', 'rich', 'policy-routing', 'kernel-datapath'])('are all that runs on %s make', async name => {
    const { host } = await read(`host: ${name}\n`);
    const made = new Set<string>();
    for (const layout of ['host-port', 'exchange-names'] as const) {
      for (const course of COURSES) {
        const { operations } = await runCase(host, { host: name, layout, course, faults: [], incidents: [] });
        for (const { operation } of operations) made.add(operation);
      }
    }
    expect(made.size).toBeGreaterThan(10);
    expect([...made].filter(operation => !OPERATIONS.includes(operation))).toEqual([]);
  });

  it('have a name for each stage of the journal', () => {
    for (const stage of JOURNAL_STAGES) expect(OPERATIONS).toContain(`journal.write ${stage}`);
  });
});

describe('actors', () => {
  it('include every incident of the exploration, with its values', async () => {
    const yaml = INCIDENTS.map(incident => {
      const { kind, ...values } = incident as { kind: string; forMs?: number | null; everyMs?: number };
      const { forMs, everyMs, ...others } = values;
      const fields = {
        ...others,
        ...(typeof forMs === 'number' && { for: `${forMs}ms` }),
        ...(everyMs !== undefined && { every: `${everyMs}ms` }),
      };
      return `  - { at: gating, actor: { ${kind}: ${JSON.stringify(fields)} } }\n`;
    });
    const { happens } = await read(`host: plain\nhappens:\n${yaml.join('')}`);
    expect(happens.map(one => ('actor' in one ? one.actor : one.fault))).toEqual(INCIDENTS);
  });
});
