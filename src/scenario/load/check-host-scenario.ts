import type { YamlSource } from '../../host/simulated/description/yaml-source.ts';
import { checkPatterns } from './check-patterns.ts';
import type { HostScenarioDocument } from './schema/host-scenario.ts';

/** Throws `USAGE` for what contradicts itself: what a schema cannot see. */
export function checkHostScenario(document: HostScenarioDocument, source: YamlSource): void {
  document.runs.forEach((run, at) => {
    checkRun(run, ['runs', at], source);
  });
  document.happens.forEach((happening, at) => {
    checkHappening(happening, ['happens', at], document.within, source);
  });
  const { reachable, reachableThroughout } = document.expect;
  if (reachable === false && reachableThroughout) {
    throw source.errorAt(['expect', 'reachableThroughout'], 'reachable throughout, but not at the end');
  }
  checkPatterns(document, source);
}

type Run = HostScenarioDocument['runs'][number];
type Path = readonly PropertyKey[];

function checkRun({ migrate, recover, expect }: Run, path: Path, source: YamlSource): void {
  if (migrate?.confirm === true && migrate.confirmWithin === null) {
    throw source.errorAt([...path, 'migrate', 'confirm'], 'nothing to confirm', {
      expected: 'confirmWithin, which opens the window, beside it',
    });
  }
  if (expect === undefined) return;
  const { result, failure, failedIn, findings } = expect;
  if (result === 'none' && recover === undefined) {
    throw source.errorAt([...path, 'expect', 'result'], 'only a recover finds nothing to do', {
      expected: 'how a migration ends',
      got: result,
    });
  }
  if (result !== 'committed' && result !== 'none') return;
  for (const [key, value] of Object.entries({ failure, failedIn })) {
    if (value === null) continue;
    throw source.errorAtKey([...path, 'expect', key], `a run that ends in "${result}" has no failure`, { got: key });
  }
  if (result === 'none' && findings.length > 0) {
    throw source.errorAtKey([...path, 'expect', 'findings'], 'a run that found nothing to do has no findings');
  }
}

type Happens = HostScenarioDocument['happens'][number];

function checkHappening({ at: when, fault }: Happens, path: Path, within: number | null, source: YamlSource): void {
  const [key, ms] = 'atMs' in when ? (['time', when.atMs] as const) : (['after', when.afterMs] as const);
  if (within !== null && ms > within) {
    throw source.errorAt([...path, 'at', key], 'happens after the scenario is over', {
      expected: `at most ${within}ms, which is "within"`,
      got: `${ms}ms`,
    });
  }
  if (fault === undefined) return;
  if (!('operation' in when)) {
    throw source.errorAt([...path, 'at'], 'a fault is of an operation, not of a state or a time', {
      expected: 'at: {operation: route.replace}',
      advice: 'say actor for what others do in that state',
    });
  }
  if (when.afterMs > 0) {
    throw source.errorAtKey([...path, 'at', 'after'], 'a fault is of the operation itself', {
      expected: 'no "after"',
      advice: 'say fault: {delay: …} for an operation that is done later',
    });
  }
  if (fault.kind !== 'refuse') return;
  const isOvsdb = when.operation.startsWith('ovs.') && when.operation !== 'ovs.lock';
  const wrong = (isOvsdb ? (['errno', 'extAck'] as const) : (['error'] as const)).find(key => fault[key] !== null);
  if (wrong === undefined) return;
  const what = `${when.operation} is ${isOvsdb ? 'an' : 'no'} operation of OVSDB`;
  const expected = isOvsdb ? 'error, like "constraint violation"' : 'errno: the name of an errno';
  throw source.errorAtKey([...path, 'fault', 'refuse', wrong], what, { expected, got: wrong });
}
