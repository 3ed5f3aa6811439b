import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost, configureRichHost } from '../lab/rich-host.ts';
import { dyingMigration, killEverywhere, sampleOf, statesLeftOut } from './killing/kill-everywhere.ts';

const OPTIONS = { uplink: 'eth0', bridge: 'br-ext', layout: 'host-port' } as const;

/** States in which every migration of a healthy host can be found; some more may be passed through at once. */
const FORWARD_STATES = [
  'assessing',
  'gating',
  'preparing.locking',
  'preparing.armingGuard',
  'preparing.writingJournal',
  'preparing.standing.renamingUplink',
  'preparing.standing.makingHostPort',
  'preparing.standing.configuringHostPort',
  'preparing.standing.addressingHostPort',
  'cuttingOver.attachingUplink',
  'cuttingOver.mutingUplink',
  'cuttingOver.switchingRoutes',
  'cuttingOver.removingUplinkAddresses',
  'verifying.announcing',
  'verifying.comparing',
  'verifying.probing',
  'committing',
  'disarmingGuard',
  'committed',
];

/** States in which traffic changes path, and those in which it has. */
const CHANGING = /^state (cuttingOver|verifying|committing|disarmingGuard)/;

describeLive('a migration that dies', () => {
  it('is committed or undone by the next start, whichever state, change or journal write it died at', async () => {
    await using lab = await createLab({ name: 'killfwd' });
    await configurePlainHost(lab);
    const harvest = await killEverywhere(lab, OPTIONS, dyingMigration(OPTIONS), sampleOf(/^state /, 6));
    expect(harvest.problems).toEqual([]);
    expect(statesLeftOut(FORWARD_STATES, harvest)).toEqual([]);
    expect(harvest.missed).toEqual([]);
    // Nobody may find a whole snapshot lying about that no journal refers to.
    expect(readdirSync(lab.stateDir).filter(name => name.endsWith('.tmp'))).toEqual([]);
  }, 600_000);

  it('is committed or undone also on a host with everything that a host can have', async () => {
    await using lab = await createLab({ name: 'killrich' });
    await configureRichHost(lab);
    const harvest = await killEverywhere(lab, OPTIONS, dyingMigration(OPTIONS), sampleOf(CHANGING, 15));
    expect(harvest.problems).toEqual([]);
    expect(
      statesLeftOut(
        FORWARD_STATES.filter(state => CHANGING.test(`state ${state}`)),
        harvest,
      ),
    ).toEqual([]);
  }, 600_000);
});
