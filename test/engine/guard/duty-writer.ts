import { workerData } from 'node:worker_threads';
import { writeDuty } from '../../../src/engine/guard/sighting.ts';

/** A thread that writes a duty down again and again. */
export interface WrittenDuty {
  readonly stateDir: string;
  readonly uplink: string;
  readonly times: number;
}

const { stateDir, uplink, times } = workerData as WrittenDuty;
for (let turn = 1; turn <= times; turn += 1) {
  writeDuty(stateDir, { uplink, id: `duty-${turn}`, generation: 1 }, Date.now() + 60_000);
}
