import { expect, it } from 'vitest';
import { describeLive } from '../lab/live.ts';
import { createKillBench, type KillBench } from './killing/bench.ts';
import { roundTrip, settle } from './killing/settle.ts';

/** Points of a recover that goes back; the userspace datapath has one more than the kernel's. */
const GOING_BACK = [
  'state takingOver',
  'journal written, not yet in place',
  'effect address.add 10.9.0.2',
  'effect route.replace 0.0.0.0/0 table 254',
  'effect ingress.hand-over',
  'effect ovs.uplink.detach',
  'effect ovs.rows.remove',
  'effect link.rename eth0~',
  'journal about to be removed',
];

/** Where a migration dies, and where each recover after it dies. */
const DEATHS = [
  // Everything has moved, and the journal says that it was under way: recover goes the whole way back.
  { first: 'state verifying.announcing', seconds: GOING_BACK },
  { first: 'effect ovs.host-port.create', seconds: ['effect ovs.rows.remove', 'state rollingBack.restoringLink'] },
  // Everything is verified: recover verifies again, and commits.
  { first: 'state committing', seconds: ['state takingOver', 'state verifying.comparing', 'state committed'] },
];

async function problemsAfter(bench: KillBench): Promise<readonly string[]> {
  const mortal = await bench.next();
  const { problems } = await settle(bench.lab, mortal, bench.before);
  await mortal.kill();
  return problems;
}

describeLive('killed more than once', () => {
  it('a recover that dies on its way is finished by the next one', async () => {
    await using bench = await createKillBench('killtwice', { datapath: 'netdev' });
    for (const { first, seconds } of DEATHS) {
      for (const second of seconds) {
        const deaths = `migrate at "${first}", recover at "${second}"`;
        await bench.dieMigrating(first);
        expect(await bench.dieRecovering(second), deaths).toBe('killed');
        expect(await problemsAfter(bench), deaths).toEqual([]);
      }
    }
  }, 600_000);

  it('recovers that die one after another, each a little later, still end as before', async () => {
    await using bench = await createKillBench('killchain');
    await bench.dieMigrating('state cuttingOver.removingUplinkAddresses');
    const chain = [
      'state takingOver',
      'state rearming',
      'state rollingBack.restoringUplinkAddresses',
      'state rollingBack.restoringRoutes',
      'state rollingBack.unmutingUplink',
      'state rollingBack.detachingUplink',
      'state rollingBack.removingHostPort',
      'state rollingBack.restoringName',
      'state rollingBack.restoringLink',
      'state rollingBack.comparingWithSnapshot',
      'state rollingBack.closingJournal',
    ];
    for (const state of chain) expect(await bench.dieRecovering(state), state).toBe('killed');
    expect(await problemsAfter(bench)).toEqual([]);
    const last = await bench.next();
    expect(await roundTrip(bench.lab, last, bench.options, bench.before)).toEqual([]);
  }, 120_000);
});
