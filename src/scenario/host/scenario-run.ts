import type { MigrateOptions } from '../../engine/engine.ts';
import { describeFailure } from '../../errors.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { DEADLINES } from '../../verify/explore/drive.ts';
import type { HostScenario, ScenarioRun } from '../scenario.ts';
import type { EndedRun } from './expectations.ts';

/** The names that the first migration is to give. */
export function askedNames({ runs, host }: HostScenario) {
  const first = runs.find(run => run.run === 'migrate');
  return { layout: first?.layout ?? 'host-port', bridge: first?.bridge ?? host.request.bridge };
}

/** What a migration of a scenario asks for. */
export function migrateOptions(host: HostDescription, run: Extract<ScenarioRun, { run: 'migrate' }>): MigrateOptions {
  const { request } = host;
  const datapath = run.datapath ?? request.datapath;
  return {
    uplink: host.uplink,
    bridge: run.bridge ?? request.bridge,
    layout: run.layout,
    ...(datapath === null ? {} : { datapath }),
    useExistingBridge: request.useExistingBridge,
    clearFlowRestoreWait: request.clearFlowRestoreWait,
    accept: run.accept.length === 0 ? request.accept : run.accept,
    ...(request.bond === undefined ? {} : { bond: request.bond }),
    deadlines: { ...DEADLINES, ...run.deadlines },
    ...(run.confirmWithinMs === null ? {} : { confirmWithinMs: run.confirmWithinMs }),
  };
}

/** `run 1: migrate host-port`. */
export function describeRun(run: ScenarioRun, nth: number): string {
  return `run ${nth}: ${run.run}${run.run === 'migrate' ? ` ${run.layout}` : ''}`;
}

/** `rolledBack: why, in state`. */
export function describeEnd(outcome: EndedRun['outcome']): string {
  if (typeof outcome === 'string') return outcome;
  const { result, failure, failedIn } = outcome;
  if (failure === null) return result;
  return `${result}: ${describeFailure(failure)}${failedIn === null ? '' : `, in ${failedIn}`}`;
}
