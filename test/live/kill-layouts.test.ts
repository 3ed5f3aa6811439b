import { expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost } from '../lab/rich-host.ts';
import { dyingMigration, dyingRestore, killEverywhere, sampleOf } from './killing/kill-everywhere.ts';

/** States in which the layouts differ. */
const THERE = /^state (preparing\.standing\.(renaming|making)|cuttingOver|verifying\.comparing|committing)/;
const BACK = /^state rollingBack\.(restoringRoutes|detaching|removing|restoringName|closing)/;

describeLive('in every layout', () => {
  it.each(['bridge-port', 'exchange-names', 'attach-only'] as const)(
    '%s: killed forward or backward, the next start ends committed or as before',
    async layout => {
      await using lab = await createLab({ name: 'killlay' });
      // A link that is only attached has no addresses to move.
      if (layout !== 'attach-only') await configurePlainHost(lab);
      const options = { uplink: 'eth0', bridge: 'br-ext', layout };
      const there = await killEverywhere(lab, options, dyingMigration(options), sampleOf(THERE, Infinity));
      expect(there.problems).toEqual([]);
      expect(there.missed).toEqual([]);
      expect(there.killedAt).toContain('state cuttingOver.attachingUplink');
      expect(there.killedAt).toContain('state committing');
      const back = await killEverywhere(lab, options, dyingRestore(options), sampleOf(BACK, Infinity));
      expect(back.problems).toEqual([]);
      expect(back.missed).toEqual([]);
      expect(back.killedAt).toContain('state rollingBack.detachingUplink');
      expect(back.killedAt).toContain('state rollingBack.closingJournal');
    },
    600_000,
  );
});
