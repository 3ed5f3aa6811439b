import type { MigrateOptions } from '../../../src/engine/engine.ts';
import type { RunOutcome } from '../../../src/engine/run.ts';
import { captureHost, type HostImage } from '../../lab/host-image.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { configurePlainHost } from '../../lab/rich-host.ts';
import { createMortals, type Mortal, type Mortals, outcomesOf } from './mortals.ts';
import type { Death } from './protocol.ts';

/** A plain host and processes that may die on it. */
export interface KillBench extends AsyncDisposable {
  readonly lab: Lab;
  readonly before: HostImage;
  readonly options: MigrateOptions;
  next(): Promise<Mortal>;
  /** A process migrates and is killed at the point; an error when it did not come by it. */
  dieMigrating(die: Death, options?: Partial<MigrateOptions>): Promise<void>;
  /** A process recovers and is killed at the point; its outcomes when it did not come by it. */
  dieRecovering(die: Death): Promise<readonly RunOutcome[] | 'killed'>;
  /** A new process recovers. */
  recover(): Promise<readonly RunOutcome[]>;
}

/** Makes the lab, with the layout `host-port` unless told otherwise. */
export async function createKillBench(name: string, options: Partial<MigrateOptions> = {}): Promise<KillBench> {
  const lab = await createLab({ name });
  const mortals: Mortals = createMortals(lab);
  const request: MigrateOptions = { uplink: lab.uplinkName, bridge: 'br-ext', layout: 'host-port', ...options };
  const dispose = async (): Promise<void> => {
    await mortals.stop();
    await lab.destroy();
  };
  try {
    await configurePlainHost(lab);
    return {
      lab,
      before: await captureHost(lab),
      options: request,
      next: () => mortals.next(),
      async dieMigrating(die, more = {}) {
        const mortal = await mortals.next();
        const reply = await mortal.ask({ do: 'migrate', options: { ...request, ...more }, die });
        if (reply.type !== 'killed') throw new Error(`not killed at ${die}: ${JSON.stringify(reply)}`);
      },
      async dieRecovering(die) {
        const mortal = await mortals.next();
        const reply = await mortal.ask({ do: 'recover', die });
        if (reply.type === 'killed') return 'killed';
        const outcomes = outcomesOf(reply);
        await mortal.kill();
        return outcomes;
      },
      async recover() {
        const mortal = await mortals.next();
        const outcomes = outcomesOf(await mortal.ask({ do: 'recover' }));
        await mortal.kill();
        return outcomes;
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
