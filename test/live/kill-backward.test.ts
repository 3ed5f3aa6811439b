import { expect, it } from 'vitest';
import { createLab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost, configureRichHost } from '../lab/rich-host.ts';
import { dyingRestore, killEverywhere, sampleOf, statesLeftOut } from './killing/kill-everywhere.ts';

const OPTIONS = { uplink: 'eth0', bridge: 'br-ext', layout: 'host-port' } as const;

/** States in which a restore can be found. */
const BACKWARD_STATES = [
  'takingOver',
  'rearming',
  'committed',
  'rollingBack.restoringUplinkAddresses',
  'rollingBack.restoringRoutes',
  'rollingBack.unmutingUplink',
  'rollingBack.detachingUplink',
  'rollingBack.removingHostPort',
  'rollingBack.restoringName',
  'rollingBack.restoringLink',
  'rollingBack.comparingWithSnapshot',
  'rollingBack.closingJournal',
  'rolledBack',
];

describeLive('a restore that dies', () => {
  it('is finished by the next start, whichever state, change or journal write it died at', async () => {
    await using lab = await createLab({ name: 'killback' });
    await configurePlainHost(lab);
    const harvest = await killEverywhere(lab, OPTIONS, dyingRestore(OPTIONS), sampleOf(/^state /, 6));
    expect(harvest.problems).toEqual([]);
    expect(statesLeftOut(BACKWARD_STATES, harvest)).toEqual([]);
    expect(harvest.missed).toEqual([]);
  }, 600_000);

  it('is finished also on a host with everything that a host can have', async () => {
    await using lab = await createLab({ name: 'killbrich' });
    await configureRichHost(lab);
    const harvest = await killEverywhere(lab, OPTIONS, dyingRestore(OPTIONS), sampleOf(/^state /, 15));
    expect(harvest.problems).toEqual([]);
    expect(statesLeftOut(BACKWARD_STATES, harvest)).toEqual([]);
  }, 600_000);
});
