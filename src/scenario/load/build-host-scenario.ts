import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { YamlSource } from '../../host/simulated/description/yaml-source.ts';
import type { Happening, HostScenario, RunExpectation, ScenarioRun } from '../scenario.ts';
import { buildHead, buildPatterns } from './build-head.ts';
import type { HostScenarioDocument } from './schema/host-scenario.ts';

/** Makes a scenario of its document; everything in it was checked. */
export function buildHostScenario(
  document: HostScenarioDocument,
  host: HostDescription,
  source: YamlSource,
): HostScenario {
  return {
    kind: 'HostScenario',
    ...buildHead(document, source),
    needs: document.needs,
    host,
    runs: document.runs.map((run, at) => buildRun(run, ['runs', at], source)),
    happens: document.happens.map((one, at) => buildHappening(one, source.placeOf(['happens', at]))),
    expect: { ...document.expect, place: source.placeOf(['expect']) },
    never: buildPatterns(document.never, 'never', source),
    eventually: buildPatterns(document.eventually, 'eventually', source),
    withinMs: document.within,
  };
}

type RunDocument = HostScenarioDocument['runs'][number];

function buildRun(document: RunDocument, path: readonly PropertyKey[], source: YamlSource): ScenarioRun {
  const { migrate, restore, recover, expect } = document;
  const common = {
    deadlines: deadlinesOf((migrate ?? restore ?? recover)?.deadlines ?? {}),
    expect: expect === undefined ? null : buildExpectation(expect, source.placeOf([...path, 'expect'])),
    place: source.placeOf(path),
  };
  if (migrate !== undefined) {
    const { layout, bridge, datapath, confirmWithin: confirmWithinMs, confirm, accept = [] } = migrate;
    return { run: 'migrate', layout, bridge, datapath, confirmWithinMs, confirm, accept, ...common };
  }
  if (restore !== undefined) return { run: 'restore', accept: restore.accept ?? [], ...common };
  return { run: 'recover', ...common };
}

function buildExpectation(expect: NonNullable<RunDocument['expect']>, place: RunExpectation['place']): RunExpectation {
  return { ...expect, failure: expect.failure as RunExpectation['failure'], place };
}

function deadlinesOf({ step, gate, probe, retry }: RunDeadlines): ScenarioRun['deadlines'] {
  return {
    ...(step !== undefined && { stepMs: step }),
    ...(gate !== undefined && { gateMs: gate }),
    ...(probe !== undefined && { probeMs: probe }),
    ...(retry !== undefined && { retryMs: retry }),
  };
}

type RunDeadlines = NonNullable<RunDocument['recover']>['deadlines'];

function buildHappening(document: HostScenarioDocument['happens'][number], place: Happening['place']): Happening {
  const { at: when, actor, fault } = document;
  if (actor !== undefined) return { when, actor, place };
  return { when, fault: fault!, place };
}
