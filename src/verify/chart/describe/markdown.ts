import type { FailureRow } from '../failure-table.ts';
import type { ChartInvoke, ChartState } from '../graph.ts';
import { groupExceptions, groupFailures } from '../group-failures.ts';
import type { Subject, VerifiedChart } from '../rule.ts';
import { referenceText, stateText, triggerText } from '../text.ts';
import type { ChartReport } from '../verify-charts.ts';
import { subjectOfChart, verifyCharts } from '../verify-charts.ts';
import { exportNameOf, readPromise } from './promise.ts';

/** `machines/<name>.md`: the chart for people, from its source and from what is proven of it. */
export function describeChart(chart: VerifiedChart, source: string): string {
  const subject = subjectOfChart(chart);
  const report = verifyCharts([chart]).charts[0]!;
  const sections = [
    `# ${chart.name}`,
    `<!-- Generated from ${chart.name}.ts by \`npm run machines\`: change that one. -->`,
    readPromise(source, exportNameOf(chart.name)),
    '## Picture',
    `From top to bottom, then to the right; a line in red is of failures: errors of what runs there, and deadlines. As a Mermaid diagram: \`ovs-uplink export --format mermaid ${chart.name}\`.`,
    `![State chart ${chart.name}](${chart.name}.svg)`,
    '## States',
    statesTable(subject),
    '## Transitions',
    transitionsTable(subject),
    '## Failures',
    'What happens in a state, and where the chart then stands. Errors and deadlines of a state around it count, too.',
    failuresTable(report.failures),
    ...exceptionsSection(report),
    '## Proven',
    `\`ovs-uplink verify\` proves of this chart, apart from the exceptions above:\n\n${report.proofs.map(({ code, promise, holds }) => `- \`${code}\`${holds ? '' : ' **fails**'}: ${promise}`).join('\n')}`,
  ];
  return `${sections.join('\n\n')}\n`;
}

function statesTable(subject: Subject): string {
  const { walk } = subject;
  const leaves = [...walk.graph.states.values()].filter(({ path, children }) => path !== '' && children.length === 0);
  const rows = leaves.map(({ path }) => {
    const lineage = walk.lineage(path);
    const deadlines = lineage.flatMap(({ transitions }) =>
      transitions.flatMap(({ trigger }) => (trigger.kind === 'after' ? [trigger.delay] : [])),
    );
    return [path, roleOf(subject, lineage), [...new Set(deadlines)].join(', ')];
  });
  return table(['state', 'what it does', 'for at most'], rows);
}

function roleOf({ walk }: Subject, lineage: readonly ChartState[]): string {
  const path = lineage[0]?.path ?? '';
  if (walk.isTerminal(path)) return 'the end of a run';
  if (walk.isTransient(path)) return 'decides';
  const works = lineage.flatMap(({ invokes }) => invokes.map(invokeText));
  return works.length > 0 ? `runs ${works.join(', ')}` : 'waits';
}

function invokeText({ src, id, input }: ChartInvoke): string {
  const step = typeof input === 'object' && input !== null && 'step' in input ? ` (${String(input.step)})` : '';
  return `${src ?? id}${step}`;
}

function transitionsTable({ walk }: Subject): string {
  const rows = [...walk.graph.states.values()].flatMap(({ path, transitions }) =>
    transitions.map(({ trigger, guard, actions, targets }) => [
      stateText(path),
      triggerText(trigger),
      guard === null ? '' : referenceText(guard),
      actions.map(referenceText).join(', '),
      targets.join(', '),
    ]),
  );
  return table(['from', 'when', 'if', 'notes', 'to'], rows);
}

function failuresTable(failures: readonly FailureRow[]): string {
  const rows = groupFailures(failures).flatMap(({ state, groups }) =>
    groups.map(group => [state, group.failures.join(', '), group.target]),
  );
  return table(['state', 'failure', 'leads to'], rows);
}

function exceptionsSection({ exceptions, chart }: ChartReport): readonly string[] {
  if (exceptions.length === 0) return [];
  const rows = groupExceptions(exceptions).map(({ rule, state, about, reason }) => [
    state === '' ? chart : state,
    rule,
    about.join(', '),
    reason,
  ]);
  return [
    '## Exceptions',
    'Where the design departs from a rule, and why.',
    table(['state', 'rule', 'of', 'why'], rows),
  ];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
