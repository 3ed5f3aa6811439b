import { createMachine } from 'xstate';
import { type ChartGraph, readChart } from '../../../verify/chart/graph.ts';

/** Charts that are kept; of more, the oldest go: other programs may send as many definitions as they like. */
const MAX_CHARTS = 200;
const read = new Map<string, ChartGraph | null>();

/** The chart of an actor's definition, which is the JSON of a machine's configuration; null where it has no states, or is none. */
export function chartOf(definition: string | undefined): ChartGraph | null {
  if (definition === undefined) return null;
  let chart = read.get(definition);
  if (chart === undefined) {
    chart = parse(definition);
    read.set(definition, chart);
    if (read.size > MAX_CHARTS) read.delete(read.keys().next().value as string);
  }
  return chart;
}

function parse(definition: string): ChartGraph | null {
  try {
    const config = JSON.parse(definition, whole);
    if (!isFields(config) || !isFields(config['states']) || Object.keys(config['states']).length === 0) return null;
    // Its context and output may be functions, which are no JSON; the chart has no use for them.
    return readChart(createMachine({ ...config, context: {}, output: undefined }));
  } catch {
    return null;
  }
}

/** `@statelyai/inspect` writes ten levels of a configuration, and a word for what lies deeper: states without their inside. */
function whole(_key: string, value: unknown): unknown {
  if (value === '[Object]') return {};
  return value === '[Array]' ? [] : value;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
