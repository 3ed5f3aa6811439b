import { expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { type CliResult, type RunningCli, runCli, spawnCli } from './support/cli.ts';
import { startUnixctlProxy } from './support/unixctl-proxy.ts';

const CONNECTING = /waiting for ovsdb-server/;
const CONNECTED = /ovsdb-server answers/;
const ASKED = /waiting for ovs-vswitchd/;
const APPLIED = /ovs-vswitchd has applied its configuration/;
const DATAPATH_ID = /has a datapath_id/;
const FLOW_RESTORE = /waiting for flow-restore-wait/;
const READY = /ready/;

describeLive('wait-ovs', () => {
  it('started before ovs-vswitchd: tells what became true when, and ends with 0 once it runs', async () => {
    await using lab = await createLab({ name: 'wait', ovs: 'no-vswitchd' });
    const waiting = spawnCli(lab, ['wait-ovs']);
    await progress(waiting, ASKED);
    await lab.startVswitchd();
    const result = await waiting.ended;
    expect(result.code, words(result)).toBe(0);
    expectInOrder(result, [CONNECTING, CONNECTED, ASKED, APPLIED, READY]);
    // The time line of the end is what was told on the way, and time only goes forward.
    const { readiness } = result.objects.at(-1)!;
    expect(readiness).toMatchObject({ ready: true, failure: null });
    expect(readiness?.timeline).toEqual(result.objects.flatMap(each => (each.progress ? [each.progress] : [])));
    const times = readiness!.timeline.map(entry => entry.atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it('started before ovsdb-server: waits for it, too', async () => {
    await using lab = await createLab({ name: 'waitdb' });
    await lab.stopVswitchd();
    await lab.stopOvsdb();
    const waiting = spawnCli(lab, ['wait-ovs']);
    await progress(waiting, CONNECTING);
    await lab.startOvsdb();
    await progress(waiting, ASKED);
    await lab.startVswitchd();
    const result = await waiting.ended;
    expect(result.code, words(result)).toBe(0);
  });

  it('never asks for the features of a datapath before the bridge has a datapath_id', async () => {
    await using lab = await createLab({ name: 'early', ovs: 'no-vswitchd' });
    // A type that this OVS does not know: the bridge is configured, and has no datapath for now.
    await lab.vsctl('--no-wait', 'add-br', 'br-ext', '--', 'set', 'bridge', 'br-ext', 'datapath_type=unknown');
    await using proxy = await startUnixctlProxy(lab, 'br-ext');
    const waiting = spawnCli(lab, ['wait-ovs', '-b', 'br-ext', '--unixctl', proxy.path]);
    await progress(waiting, ASKED);
    await lab.startVswitchd();
    await progress(waiting, APPLIED);
    // One more round trip through ovs-vswitchd, whose result the waiting process sees like we do.
    await lab.vsctl('set', 'bridge', 'br-ext', 'external_ids:round=1');
    expect(proxy.requests).toEqual([]);
    expect(await lab.vsctl('get', 'bridge', 'br-ext', 'datapath_id')).toBe('[]');

    await lab.vsctl('set', 'bridge', 'br-ext', 'datapath_type=netdev');
    const result = await waiting.ended;
    expect(result.code, words(result)).toBe(0);
    expectInOrder(result, [APPLIED, DATAPATH_ID, READY]);
    const asked = proxy.requests.filter(({ method }) => method === 'dpif/show-dp-features');
    expect(asked).toMatchObject([{ parameters: ['br-ext'], datapathId: expect.stringMatching(/^"?[0-9a-f]{16}"?$/) }]);
  });

  it('waits while flow-restore-wait is true, and goes on when it is cleared', async () => {
    await using lab = await createLab({ name: 'flows', ovs: 'no-vswitchd' });
    await lab.startVswitchd({ flowRestoreWait: true });
    const tooLong = await runCli(lab, ['wait-ovs', '--timeout', '3s']);
    expect(tooLong.code, words(tooLong)).toBe(6);
    expect(failure(tooLong)).toMatchObject({ code: 'DEADLINE', got: expect.stringContaining('flow-restore-wait') });

    const waiting = spawnCli(lab, ['wait-ovs']);
    await progress(waiting, FLOW_RESTORE);
    await lab.vsctl('remove', 'Open_vSwitch', '.', 'other_config', 'flow-restore-wait');
    const result = await waiting.ended;
    expect(result.code, words(result)).toBe(0);
    expectInOrder(result, [APPLIED, FLOW_RESTORE, READY]);
  });

  it('clears flow-restore-wait only where it is told to, and no other key; what counts is what OVSDB shows then', async () => {
    await using lab = await createLab({ name: 'ours', ovs: 'no-vswitchd' });
    await lab.startVswitchd({ flowRestoreWait: true });
    const config = ['Open_vSwitch', '.', 'other_config'];
    await lab.vsctl('set', 'Open_vSwitch', '.', 'other_config:flow-restore-wait=TRUE', 'other_config:vlan-limit=1');
    expect((await runCli(lab, ['wait-ovs', '--timeout', '1s'])).code).toBe(6);
    expect(await lab.vsctl('get', ...config)).toContain('flow-restore-wait');

    const result = await runCli(lab, ['wait-ovs', '--clear-flow-restore-wait']);
    expect(result.code, words(result)).toBe(0);
    expectInOrder(result, [APPLIED, /clearing flow-restore-wait/, /ovs-vswitchd to see/, READY]);
    expect(await lab.vsctl('get', ...config)).toBe('{vlan-limit="1"}');
  });

  it('says at the deadline what was missing, and ends with 6', async () => {
    await using lab = await createLab({ name: 'dead', ovs: 'no-vswitchd' });
    await expectMissing(lab, [], /ovs-vswitchd does not answer/, /start ovs-vswitchd/);
    await lab.startVswitchd();
    await lab.vsctl('--no-wait', 'add-br', 'br-odd', '--', 'set', 'bridge', 'br-odd', 'datapath_type=unknown');
    await Promise.all([
      expectMissing(lab, ['-b', 'br-none'], /no bridge br-none/, /create it/),
      expectMissing(lab, ['-b', 'br-odd'], /bridge br-odd has no datapath_id/, /log of ovs-vswitchd/),
    ]);
    lab.pauseVswitchd();
    await expectMissing(lab, [], /ovs-vswitchd does not answer/, /why it hangs/);
    lab.resumeVswitchd();
    expect((await runCli(lab, ['wait-ovs'])).code).toBe(0);
    await lab.killOvsdb();
    const [plain] = await Promise.all([
      runCli(lab, ['wait-ovs', '--timeout', '3s'], { json: false }),
      expectMissing(lab, [], /OVSDB/, /ovsdb-server/),
    ]);
    expect([plain.code, plain.stdout]).toEqual([6, expect.stringMatching(/not ready: .*ovsdb-server/s)]);
  });

  it('notices that ovsdb-server is lost while it waits, and goes on when it is back', async () => {
    await using lab = await createLab({ name: 'lost', ovs: 'no-vswitchd' });
    const waiting = spawnCli(lab, ['wait-ovs']);
    await progress(waiting, ASKED);
    await lab.killOvsdb();
    await progress(waiting, CONNECTING, 2);
    await lab.startOvsdb();
    await lab.startVswitchd();
    const result = await waiting.ended;
    expect(result.code, words(result)).toBe(0);
  });
});

/** Resolves when a line of the time line has been told `times` times. */
async function progress(cli: RunningCli, text: RegExp, times = 1): Promise<void> {
  let seen = 0;
  await cli.object(each => {
    if (text.test(each.progress?.text ?? '')) seen += 1;
    return seen >= times;
  });
}

async function expectMissing(lab: Lab, args: readonly string[], got: RegExp, advice: RegExp): Promise<void> {
  const result = await runCli(lab, ['wait-ovs', ...args, '--timeout', '3s']);
  expect(result.code, words(result)).toBe(6);
  expect(failure(result)).toMatchObject({
    code: expect.stringMatching(/DEADLINE|OVSDB_/),
    got: expect.stringMatching(got),
    advice: expect.stringMatching(advice),
  });
}

function failure(result: CliResult) {
  return result.objects.at(-1)?.readiness?.failure;
}

/** Fails unless lines of the time line match these, one after another; other lines may lie between. */
function expectInOrder(result: CliResult, milestones: readonly RegExp[]): void {
  const told = result.objects.flatMap(each => (each.progress === undefined ? [] : [each.progress.text]));
  let next = 0;
  for (const text of told) if (milestones[next]?.test(text)) next += 1;
  expect(milestones.slice(next), `not in the time line, or not in this order:\n${told.join('\n')}`).toEqual([]);
}

/** What the command said, for the message of a failed expectation. */
function words({ stdout, stderr }: CliResult): string {
  return `${stdout}${stderr}`.slice(-4000);
}
