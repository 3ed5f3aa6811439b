import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { loadHost } from '../../host/simulated/description/load-host.ts';
import { describeCase, isMoveCase } from '../../verify/explore/any-case.ts';
import { readCase } from '../../verify/explore/case-yaml.ts';
import type { ExploreReport } from '../../verify/explore/explore.ts';
import { explore as exploreAll } from '../../verify/explore/explore.ts';
import { neverTaken } from '../../verify/explore/never-taken.ts';
import { playCase } from '../../verify/explore/play-case.ts';
import { readShippedHosts } from '../../verify/explore/shipped-hosts.ts';
import type { CommandContext, CommandFunction } from '../command-context.ts';
import type { ExitCode } from '../exit-code.ts';
import { usageError } from '../parse/usage-error.ts';
import { catchStopSignals } from '../stop-signals.ts';
import { visible } from '../terminal/palette.ts';

const DEFAULT_SEED = 1;
const DEFAULT_BUDGET = 20_000;

/** `explore`: every fault on simulated hosts; 1 when an invariant is broken. With `--case` it plays one file again. */
export const explore: CommandFunction = async context => {
  const { settings } = context;
  return settings.case === undefined ? exploreSeed(context) : replay(context, settings.case);
};

async function exploreSeed({ settings, terminal }: CommandContext): Promise<ExitCode> {
  const seed = settings.seed ?? DEFAULT_SEED;
  const startedAt = performance.now();
  const hosts = await readShippedHosts();
  const stop = catchStopSignals({
    onFirst: name => terminal.complain(`${name}: stopping after the runs that are under way`),
    onLater: name => terminal.complain(`${name} ignored: stopping already`),
  });
  const report = await exploreAll({
    seed,
    budget: settings.budget === undefined ? DEFAULT_BUDGET : settings.budget,
    jobs: settings.jobs ?? availableParallelism(),
    hosts,
    signal: stop.signal,
    onProgress: ({ done, total, failed }) => {
      if (!terminal.isLive) return;
      const seconds = (performance.now() - startedAt) / 1000;
      terminal.out.write(`\r${done} of ${total} cases, ${Math.round(done / seconds)} a second, ${failed} failed\x1b[K`);
    },
  }).finally(stop.stop);
  if (terminal.isLive) terminal.out.write('\r\x1b[K');
  if (settings.save !== undefined) await saveFindings(settings.save, report);
  const charts = neverTaken(report.coverage);
  const perMinute = Math.round((report.runs / (performance.now() - startedAt)) * 60_000);
  if (terminal.json) {
    for (const finding of report.findings) terminal.object({ finding });
    const { coverage: _, findings: __, ...rest } = report;
    terminal.object({ exploration: { ...rest, perMinute, charts } });
  } else {
    show(report, perMinute, charts, terminal);
    if (stop.signal.aborted)
      terminal.line(terminal.outPalette.warn(`stopped early: only ${report.cases} cases were tried`));
  }
  // 6: it did not come to its end.
  if (stop.signal.aborted && report.failed === 0) return 6;
  return report.failed > 0 ? 1 : 0;
}

function show(
  report: ExploreReport,
  perMinute: number,
  charts: ReturnType<typeof neverTaken>,
  { line, outPalette: palette }: CommandContext['terminal'],
): void {
  const { counts, ends } = report;
  line(
    `seed ${report.seed}: ${report.cases} cases, ${report.runs} runs, ${perMinute} runs a minute, ${Math.round(report.virtualMs / 3_600_000)} h of their time`,
  );
  line(
    `${counts.undisturbed} undisturbed, ${counts.fault} with a fault, ${counts.kill} killed, ${counts.incident} with an incident, ` +
      `${counts.combined} with several`,
  );
  for (const [end, times] of Object.entries(ends).sort(([, a], [, b]) => b - a))
    line(`${String(times).padStart(8)}  ${end}`);
  for (const chart of charts) {
    line(
      `${chart.chart}: ${chart.statesTaken} of ${chart.states} states, ${chart.transitionsTaken} of ${chart.transitions} transitions` +
        (chart.outcomes > 0 ? `, ${chart.outcomesTaken} of ${chart.outcomes} answers of guards` : ''),
    );
    for (const what of chart.missing) line(palette.warn(`  never taken: ${what}`));
    for (const what of chart.unneeded) line(palette.warn(`  taken, although explained as never taken: ${what}`));
    for (const { what, why } of chart.explained) line(palette.dim(`  not here: ${what} (${why})`));
  }
  line(`trace ${report.trace}`);
  for (const finding of report.findings) {
    line();
    line(palette.bad(visible(describeCase(finding.case))));
    line(visible(finding.yaml).replaceAll('\\u{a}', '\n'));
  }
  line(
    report.failed === 0
      ? palette.good('no invariant was broken')
      : palette.bad(`${report.failed} runs broke an invariant`),
  );
}

/** One file a finding; its name follows from what it says, so that the same finding is one file. */
async function saveFindings(folder: string, { findings }: ExploreReport): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const { yaml, case: found } of findings) {
      const digest = createHash('sha256').update(yaml).digest('hex').slice(0, 12);
      await writeFile(
        join(folder, `${found.host}-${isMoveCase(found) ? found.link : found.layout}-${digest}.yaml`),
        yaml,
      );
    }
  } catch (error) {
    throw usageError('cannot write the findings', { object: folder, got: (error as Error).message });
  }
}

/** Plays a file again, with all that happens. */
async function replay({ terminal }: CommandContext, path: string): Promise<ExitCode> {
  const explored = await readCase(path);
  const sources = await readShippedHosts();
  const hosts = sources.map(({ file, text }) => loadHost(text, file));
  const host = hosts.find(({ name }) => name === explored.host);
  if (host === undefined) {
    throw usageError('no such host', { got: explored.host, candidates: hosts.map(({ name }) => name) });
  }
  const result = await playCase(host, explored, {
    hashTrace: true,
    onTrace: text => (terminal.json ? terminal.object({ trace: text }) : terminal.line(visible(text))),
  });
  for (const what of terminal.json ? [] : result.unused)
    terminal.line(terminal.outPalette.warn(visible(`never came: ${what}`)));
  if (terminal.json) terminal.object({ violations: result.violations, unused: result.unused });
  for (const { invariant, what, object, expected, got } of terminal.json ? [] : result.violations) {
    terminal.line(
      terminal.outPalette.bad(
        visible(`${invariant} ${what}: ${object}; expected ${expected ?? '-'}, got ${got ?? '-'}`),
      ),
    );
  }
  return result.violations.length > 0 ? 1 : 0;
}
