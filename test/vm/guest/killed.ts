import { dyingMigration, type Harvest, killEverywhere } from '../../live/killing/kill-everywhere.ts';
import { GUEST_DEADLINES } from './journey.ts';
import { inSharedLab } from './shared-lab.ts';

/** A migration is killed (SIGKILL) at every point whose name `at` matches, recovered, and the host compared. */
export async function killMigration({ at }: { readonly at: string }): Promise<Harvest> {
  return await inSharedLab('plain', async ({ lab }) => {
    const layout = 'host-port';
    const options = {
      uplink: 'eth0',
      bridge: 'br-ext',
      layout,
      datapath: 'system',
      deadlines: GUEST_DEADLINES,
    } as const;
    return await killEverywhere(lab, options, dyingMigration(options), point => new RegExp(at).test(point));
  });
}
