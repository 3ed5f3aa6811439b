import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import type { ScenarioRun } from '../scenario.ts';

/** The command line of a run. Nobody guards it: what a killed run leaves is what the next run of the scenario is about. */
export function runArguments(run: ScenarioRun, { uplink, request }: HostDescription): readonly string[] {
  const common = [...deadlineArguments(run), '--guard', 'none'];
  switch (run.run) {
    case 'recover':
      return ['recover', ...common];
    case 'restore':
      return ['restore', '-i', uplink, ...acceptArguments(run.accept), ...common];
    case 'migrate': {
      const datapath = run.datapath ?? request.datapath;
      return [
        ...['migrate', '-i', uplink, '-b', run.bridge ?? request.bridge, '--layout', run.layout],
        ...(datapath === null ? [] : ['--datapath', datapath]),
        ...(run.confirmWithinMs === null ? [] : ['--confirm-within', `${run.confirmWithinMs}ms`]),
        ...(request.bond?.members ?? []).flatMap(name => ['--bond-member', name]),
        ...(request.bond === undefined ? [] : ['--bond-mode', request.bond.mode]),
        ...(request.useExistingBridge ? ['--use-existing-bridge'] : []),
        ...acceptArguments([...request.accept, ...run.accept, 'primary-uplink-unprotected']),
        ...common,
      ];
    }
  }
}

function acceptArguments(codes: readonly string[]): readonly string[] {
  return codes.flatMap(code => ['--accept', code]);
}

function deadlineArguments({ run, deadlines }: ScenarioRun): readonly string[] {
  const { stepMs, gateMs, probeMs } = deadlines;
  return [
    ...(stepMs === undefined ? [] : ['--step-timeout', `${stepMs}ms`]),
    ...(gateMs === undefined ? [] : ['--gate-timeout', `${gateMs}ms`]),
    ...(probeMs === undefined || run !== 'migrate' ? [] : ['--probe-timeout', `${probeMs}ms`]),
  ];
}
