import { replayHost } from './host/replay-host.ts';
import { replayMachine } from './machine/replay-machine.ts';
import { replayMove } from './move/replay-move.ts';
import { replayRecording } from './recording/replay-recording.ts';
import type { ReplayOptions, ScenarioResult } from './result.ts';
import type { Scenario } from './scenario.ts';

/** Plays a scenario of any kind in virtual time. Rejects only for a defect of ours, or when it is aborted. */
export async function replay(scenario: Scenario, options: ReplayOptions = {}): Promise<ScenarioResult> {
  switch (scenario.kind) {
    case 'MachineScenario':
      return await replayMachine(scenario, options);
    case 'HostScenario':
      return await replayHost(scenario, options);
    case 'MoveScenario':
      return await replayMove(scenario, options);
    case 'Recording':
      return await replayRecording(scenario, options);
  }
}
