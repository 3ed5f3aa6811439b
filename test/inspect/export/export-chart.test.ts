import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { createActor } from 'xstate';
import { runCli } from '../../../src/cli/run-cli.ts';
import { exportChart } from '../../../src/inspect/export/export-chart.ts';
import { CHARTS } from '../../../src/verify/chart/charts.ts';
import { readChart } from '../../../src/verify/chart/graph.ts';
import { collectTerminal } from '../../cli/collected-terminal.ts';
import { extractMachines } from './stately-extractor.ts';

/** Of a configuration only what draws the chart: states, where they lead and by what names. Functions cannot be imported. */
function shape(config: unknown): unknown {
  return JSON.parse(JSON.stringify(config), (key, value) => {
    if (key === 'context' || key === 'input' || key === 'output') return undefined;
    return value;
  });
}

describe.each(CHARTS)('$name', chart => {
  it('can be imported by Stately from its source, all of it', async () => {
    const source = await readFile(new URL(`../../../machines/${chart.name}.ts`, import.meta.url), 'utf8');
    const machines = extractMachines(source);
    expect(machines).toHaveLength(1);
    expect(normal(machines[0])).toEqual(normal(chart.machine.config));
  });

  it('is a module of its own as xstate, which Stately imports and which is the same chart when it runs', async () => {
    const source = exportChart(chart, 'xstate');
    expect(normal(extractMachines(source)[0])).toEqual(normal(chart.machine.config));
    const folder = await mkdtemp(join(fileURLToPath(new URL('.', import.meta.url)), 'exported-'));
    try {
      const file = join(folder, `${chart.name}.ts`);
      await writeFile(file, source);
      const [machine] = Object.values(
        (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, AnyStateMachine>,
      );
      expect([...readChart(machine!).states].map(([path, { transitions }]) => [path, transitions])).toEqual(
        [...readChart(chart.machine).states].map(([path, { transitions }]) => [path, transitions]),
      );
      const actor = createActor(machine!);
      actor.subscribe({ error: () => undefined });
      actor.start();
      expect(actor.getSnapshot().status).toBe('active');
      actor.stop();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is XState’s configuration as json, with its states in order', () => {
    const config = JSON.parse(exportChart(chart, 'json'));
    expect(normal(config)).toEqual(normal(chart.machine.config));
    expect(Object.keys(config.states)).toEqual(Object.keys(chart.machine.config.states ?? {}));
  });

  it('has every arrow of its Mermaid diagram end at a state that is drawn', () => {
    const diagram = exportChart(chart, 'mermaid');
    const drawn = new Set([...diagram.matchAll(/ as (\w+)/g)].map(([, id]) => id));
    const ends = [...diagram.matchAll(/(\S+) --> (\S+)/g)].flatMap(([, from, to]) => [from, to]);
    expect(ends.length).toBeGreaterThan(0);
    expect(ends.filter(end => end !== '[*]' && !drawn.has(end))).toEqual([]);
  });

  it('is well-formed XML as svg, with every state by name', () => {
    const svg = exportChart(chart, 'svg');
    for (const path of readChart(chart.machine).states.keys()) {
      if (path !== '') expect(svg).toContain(`>${path.split('.').at(-1)}</text>`);
    }
    expect([...svg.matchAll(/&(?!amp;|lt;|quot;)/g)]).toEqual([]);
  });
});

/** Lists where one value may stand alone, and targets and actions in the one form. */
function normal(config: unknown): unknown {
  return unwrap(shape(config));
}

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(unwrap);
    return items.length === 1 ? items[0] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value)
    .map(([key, field]) => [key, unwrap(field)] as const)
    .filter(([, field]) => field !== undefined && !(Array.isArray(field) && field.length === 0));
  const keys = fields.map(([key]) => key);
  // `{ type: 'x' }` is what `'x'` is short for, and `{ target: 'y' }` what `'y'` is.
  if (keys.length === 1 && (keys[0] === 'type' || keys[0] === 'target')) return fields[0]![1];
  return Object.fromEntries(fields);
}

async function runExport(argv: readonly string[]) {
  const { terminal, out, err } = collectTerminal();
  const code = await runCli(['export', ...argv], terminal, () => Promise.reject(new Error('no engine is needed')));
  return { code, out: out(), err: err() };
}

describe('ovs-uplink export', () => {
  it('prints one chart, writes all of them to a folder, and says what it expects of wrong names', async () => {
    const one = await runExport(['altname-guard', '--format', 'mermaid']);
    expect([one.code, one.out.split('\n')[0]]).toEqual([0, 'stateDiagram-v2']);
    const many = await runExport(['--format', 'svg']);
    expect([many.code, many.err]).toEqual([2, expect.stringContaining('-o DIR')]);
    const unknown = await runExport(['altname-gard', '--format', 'svg']);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('altname-guard')]);
    const folder = await mkdtemp(join(fileURLToPath(new URL('.', import.meta.url)), 'exported-'));
    try {
      const all = await runExport(['--format', 'json', '-o', join(folder, 'new')]);
      expect(all.code).toBe(0);
      expect(all.out.trim().split('\n')).toEqual(CHARTS.map(({ name }) => join(folder, 'new', `${name}.json`)));
      expect(JSON.parse(await readFile(join(folder, 'new', 'link-move.json'), 'utf8')).id).toBe('link-move');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
