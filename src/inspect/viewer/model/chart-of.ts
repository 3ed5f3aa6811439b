import { createMachine } from 'xstate';
import { type ChartGraph, readChart } from '../../../verify/chart/graph.ts';

const read = new Map<string, ChartGraph | null>();

/** The chart of an actor's definition, which is the JSON of a machine's configuration; null where it has no states, or is none. */
export function chartOf(definition: string | undefined): ChartGraph | null {
  if (definition === undefined) return null;
  let chart = read.get(definition);
  if (chart === undefined) {
    chart = parse(definition);
    read.set(definition, chart);
  }
  return chart;
}

function parse(definition: string): ChartGraph | null {
  try {
    const config = JSON.parse(definition);
    if (typeof config !== 'object' || config === null || typeof config.states !== 'object') return null;
    // Its context and output may be functions, which are no JSON; the chart has no use for them.
    return readChart(createMachine({ ...config, context: {}, output: undefined }));
  } catch {
    return null;
  }
}
