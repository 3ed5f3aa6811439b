import { expect, it } from 'vitest';
import { createEngine } from '../../src/engine/create-engine.ts';
import { describeLive } from '../lab/live.ts';
import { createKillBench, type KillBench } from './killing/bench.ts';
import { differencesFrom, roundTrip, settle } from './killing/settle.ts';

/** Before the uplink is attached, in the middle of the cutover, and with everything in place but not committed. */
const DEATHS = ['effect ovs.host-port.create', 'effect route.remove 10.9.0.0/24 table 254', 'state committing'];

/** After a while without a server ovs-vswitchd tries to reach it only every eight seconds. */
async function awaitOpenVswitch({ lab }: KillBench): Promise<void> {
  await using engine = createEngine({ ovsdb: lab.ovsdbRemote, stateDir: lab.stateDir });
  expect(await engine.waitForOvs({ timeoutMs: 60_000 })).toMatchObject({ ready: true });
}

async function problemsAfter(bench: KillBench): Promise<readonly string[]> {
  const mortal = await bench.next();
  const { problems } = await settle(bench.lab, mortal, bench.before);
  await mortal.kill();
  return problems;
}

async function expectRoundTrip(bench: KillBench): Promise<void> {
  const mortal = await bench.next();
  expect(await roundTrip(bench.lab, mortal, bench.options, bench.before)).toEqual([]);
  await mortal.kill();
}

describeLive('killed together with Open vSwitch', () => {
  it('ovs-vswitchd: recover puts the host back without it, and nothing comes back with it', async () => {
    await using bench = await createKillBench('killvs');
    for (const death of DEATHS) {
      await bench.dieMigrating(death);
      await bench.lab.stopVswitchd('SIGKILL');
      const [outcome] = await bench.recover();
      expect(outcome, death).toMatchObject({ result: 'rolledBack', pendingRows: false });
      expect(await differencesFrom(bench.lab, bench.before), death).toEqual([]);
      await bench.lab.startVswitchd();
      expect(await problemsAfter(bench), death).toEqual([]);
    }
    await expectRoundTrip(bench);
  }, 180_000);

  it('ovsdb-server: the kernel is put back at once, as often as one asks; the rows go once it answers', async () => {
    await using bench = await createKillBench('killdb');
    for (const [death, attempts] of [
      [DEATHS[0]!, 1],
      [DEATHS[1]!, 2],
    ] as const) {
      await bench.dieMigrating(death);
      await bench.lab.killOvsdb();
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const [outcome] = await bench.recover();
        expect(outcome, `${death}, recover ${attempt}`).toMatchObject({ result: 'rolledBack', pendingRows: true });
        expect(await differencesFrom(bench.lab, bench.before), death).toEqual([]);
      }
      await bench.lab.startOvsdb();
      await awaitOpenVswitch(bench);
      const [later] = await bench.recover();
      expect(later, death).toMatchObject({ result: 'rolledBack', pendingRows: false });
      expect(await problemsAfter(bench), death).toEqual([]);
    }
    await expectRoundTrip(bench);
  }, 180_000);

  it('both: the kernel is put back at once, the rows go once they are back', async () => {
    await using bench = await createKillBench('killboth');
    await bench.dieMigrating(DEATHS[1]!);
    await bench.lab.stopVswitchd('SIGKILL');
    await bench.lab.killOvsdb();
    const [outcome] = await bench.recover();
    expect(outcome).toMatchObject({ result: 'rolledBack', pendingRows: true });
    expect(await differencesFrom(bench.lab, bench.before)).toEqual([]);
    await bench.lab.startOvsdb();
    await bench.lab.startVswitchd();
    const [later] = await bench.recover();
    expect(later).toMatchObject({ result: 'rolledBack', pendingRows: false });
    expect(await problemsAfter(bench)).toEqual([]);
    await expectRoundTrip(bench);
  }, 120_000);
});
