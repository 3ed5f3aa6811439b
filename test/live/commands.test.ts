import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLab, type Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { configurePlainHost, configureRichHost, RICH_HOST } from '../lab/rich-host.ts';
import { type CliResult, runCli, spawnCli } from './support/cli.ts';
import { captureEverything, captureTimed, diffTimed, expectUnchanged } from './support/unchanged.ts';

const MIGRATE = ['migrate', '-i', 'eth0', '-b', 'br-ext'];
const PLAN = ['plan', '-i', 'eth0', '-b', 'br-ext'];
const RESTORE = ['restore', '-i', 'eth0'];

describeLive('the command line on a real host', () => {
  it('plan says every step with its inverse, and changes nothing', async () => {
    await using lab = await createLab({ name: 'plan' });
    await configureRichHost(lab);
    const before = await captureEverything(lab);
    const result = await runCli(lab, PLAN);
    expect(result.code, words(result)).toBe(0);
    expect(result.objects).toHaveLength(1);
    const { plan } = result.objects[0]!;
    expect(plan).toMatchObject({
      refused: false,
      alreadyDone: false,
      request: { uplink: 'eth0', bridge: 'br-ext', layout: 'host-port', probes: [{ kind: 'gateway' }] },
    });
    expect(plan?.findings.filter(finding => finding.severity === 'blocking')).toEqual([]);
    expect(plan?.steps?.length).toBeGreaterThan(3);
    for (const step of plan?.steps ?? []) {
      expect(step).toMatchObject({
        title: expect.stringMatching(/\w/),
        inverse: { title: expect.stringMatching(/\w/) },
      });
    }
    // Every address of the host is named where it is moved.
    const moves = JSON.stringify(plan?.steps);
    for (const address of [RICH_HOST.ipv4, RICH_HOST.secondIpv4, RICH_HOST.hostRouteIpv4, RICH_HOST.temporaryIpv6]) {
      expect(moves).toContain(address);
    }
    expect(await readdir(lab.stateDir)).toEqual([]);
    await expectUnchanged(lab, before);
  });

  it('plan, migrate and restore of what is not there are refused in clear words, and change nothing', async () => {
    await using lab = await createLab({ name: 'none' });
    await configurePlainHost(lab);
    const before = await captureEverything(lab);
    for (const command of ['plan', 'migrate']) {
      const missing = await runCli(lab, [command, '-i', 'eth7', '-b', 'br-ext']);
      expect(missing.code, words(missing)).toBe(3);
      expect(missing.stdout).toContain('uplink-missing');
    }
    const restored = await runCli(lab, RESTORE);
    expect(restored.code, words(restored)).toBe(3);
    expect(restored.outcome).toMatchObject({ result: 'refused', failure: { code: 'JOURNAL_MISSING', object: 'eth0' } });
    const plain = await runCli(lab, RESTORE, { json: false });
    expect(plain.code).toBe(3);
    expect(plain.stdout + plain.stderr).toMatch(/eth0.*\n?.*nothing to restore/);
    const status = await runCli(lab, ['status']);
    expect([status.code, status.objects]).toEqual([0, []]);
    const recovered = await runCli(lab, ['recover']);
    expect([recovered.code, recovered.objects]).toEqual([0, []]);
    await expectUnchanged(lab, before);
  });

  it('a second migrate says that it is done and changes nothing; another bridge or layout is refused', async () => {
    await using lab = await createLab({ name: 'twice' });
    await configureRichHost(lab);
    const before = await captureTimed(lab);
    const first = await runCli(lab, MIGRATE);
    expect(first.code, words(first)).toBe(0);
    expect(first.outcome).toMatchObject({ result: 'committed', alreadyDone: false, failure: null });
    const between = await captureEverything(lab);

    const second = await runCli(lab, MIGRATE);
    expect(second.code, words(second)).toBe(0);
    expect(second.outcome).toMatchObject({ result: 'committed', alreadyDone: true, failure: null });
    expect(second.events.filter(event => event.type === 'effect')).toEqual([]);
    const told = await runCli(lab, MIGRATE, { json: false });
    expect([told.code, told.stdout]).toEqual([0, expect.stringMatching(/eth0 is on the bridge, nothing to do/)]);
    const planned = await runCli(lab, PLAN);
    expect(planned.objects[0]?.plan).toMatchObject({ alreadyDone: true, refused: false, steps: null });

    for (const other of [
      ['migrate', '-i', 'eth0', '-b', 'br-other'],
      [...MIGRATE, '--layout', 'bridge-port'],
      [...MIGRATE, '--layout', 'exchange-names'],
    ]) {
      const refused = await runCli(lab, other);
      expect(refused.code, words(refused)).toBe(3);
      expect(refused.outcome).toMatchObject({
        result: 'refused',
        findings: [{ code: 'already-migrated', message: expect.stringContaining('bridge br-ext (layout host-port)') }],
      });
    }
    await expectUnchanged(lab, between);

    const restored = await runCli(lab, RESTORE);
    expect(restored.code, words(restored)).toBe(0);
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
    const again = await runCli(lab, RESTORE);
    expect(again.code, words(again)).toBe(3);
    expect(again.outcome?.failure?.code).toBe('JOURNAL_MISSING');
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
  });

  it('of two migrations at once exactly one commits, and the other is refused because of the lock', async () => {
    await using lab = await createLab({ name: 'two' });
    await configurePlainHost(lab);
    const before = await captureTimed(lab);
    // The winner holds the lock until it is confirmed, so the loser meets it however slow this machine is.
    const racers = [1, 2].map(() => spawnCli(lab, [...MIGRATE, '--confirm-within', '10m']));
    const loser = await Promise.race(racers.map(racer => racer.ended));
    expect(loser.code, words(loser)).toBe(3);
    expect(reasons(loser), words(loser)).toMatch(/lock-held|LOCK_HELD/);
    expect(loser.events.filter(event => event.type === 'effect')).toEqual([]);

    // So is one that only plans, and one with a state folder of its own: then OVSDB's lock decides.
    const planned = await runCli(lab, PLAN);
    expect(planned.code, words(planned)).toBe(3);
    expect(planned.stdout).toContain('lock-held');
    const stranger = await runCli(lab, MIGRATE, { stateDir: join(lab.dir, 'other-state') });
    expect(stranger.code, words(stranger)).toBe(3);

    const [winner] = racers.filter(racer => racer.child.exitCode === null);
    await winner!.state('confirming');
    const confirmed = await runCli(lab, ['confirm', '-i', 'eth0']);
    expect(confirmed.code, words(confirmed)).toBe(0);
    const won = await winner!.ended;
    expect(won.code, words(won)).toBe(0);
    expect(won.outcome).toMatchObject({ result: 'committed', alreadyDone: false });
    expect(await drift(lab)).toEqual([]);
    expect((await runCli(lab, RESTORE)).code).toBe(0);
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
  });

  it('status tells a committed migration and names what was changed by hand since; migrate puts it right, restore undoes all of it', async () => {
    await using lab = await createLab({ name: 'drift' });
    await configureRichHost(lab);
    const before = await captureTimed(lab);
    expect((await runCli(lab, MIGRATE)).code).toBe(0);
    const [committed] = (await runCli(lab, ['status'])).objects;
    expect(committed?.status).toMatchObject({
      uplink: 'eth0',
      bridge: 'br-ext',
      layout: 'host-port',
      state: 'committed',
      live: false,
      drift: [],
      confirmRemainingMs: null,
      failure: null,
    });

    await lab.hostIp('addr', 'del', `${RICH_HOST.hostRouteIpv4}/32`, 'dev', 'eth0');
    await lab.hostIp('-6', 'route', 'del', 'default', 'table', '100');
    const found = await drift(lab);
    expect(found).toHaveLength(2);
    expect(found.join('\n')).toMatch(/203\.0\.113\.7\/32/);
    expect(found.join('\n')).toMatch(/default.*2001:db8:9::1|2001:db8:9::1.*table 100/);
    const plain = await runCli(lab, ['status'], { json: false });
    expect(plain.stdout).toMatch(/drift: .*203\.0\.113\.7/);
    const again = await runCli(lab, MIGRATE);
    expect(again.code, words(again)).toBe(0);
    expect(again.outcome?.findings).toMatchObject([{ code: 'drift' }]);
    expect(await drift(lab)).toEqual([]);
    expect((await runCli(lab, MIGRATE)).outcome).toMatchObject({ result: 'committed', alreadyDone: true });
    await lab.hostIp('addr', 'del', `${RICH_HOST.hostRouteIpv4}/32`, 'dev', 'eth0');

    const restored = await runCli(lab, RESTORE);
    expect(restored.code, words(restored)).toBe(0);
    expect(diffTimed(before, await captureTimed(lab))).toEqual([]);
    expect((await runCli(lab, ['status'])).objects).toEqual([]);
  });

  it('doctor ends with 0 where nothing stands in the way, and with 3 and the reason where something does', async () => {
    await using lab = await createLab({ name: 'doc' });
    await configurePlainHost(lab);
    const before = await captureEverything(lab);
    const healthy = await runCli(lab, ['doctor', '-i', 'eth0']);
    expect(healthy.code, words(healthy)).toBe(0);
    expect(codes(healthy)).toEqual(expect.arrayContaining(['ovs-reachable', 'request-looks-good']));
    expect((await runCli(lab, ['doctor'])).code).toBe(0);
    await expectUnchanged(lab, before);

    await lab.hostIp('link', 'add', 'mv0', 'link', 'eth0', 'type', 'macvlan');
    const busy = await runCli(lab, ['doctor', '-i', 'eth0']);
    expect(busy.code, words(busy)).toBe(3);
    expect(JSON.stringify(busy.objects)).toContain('mv0');
    await lab.hostIp('link', 'del', 'mv0');

    await lab.killOvsdb();
    const dead = await runCli(lab, ['doctor', '-i', 'eth0']);
    expect(dead.code, words(dead)).toBe(3);
    expect(codes(dead)[0]).toBe('ovsdb-unreachable');
  });
});

async function drift(lab: Lab): Promise<readonly string[]> {
  return (await runCli(lab, ['status'])).objects.flatMap(({ status }) => status?.drift ?? []);
}

/** Everything that a refused run gave as its reason. */
function reasons({ outcome }: CliResult): string {
  return JSON.stringify([outcome?.failure?.code, outcome?.findings.map(finding => finding.code)]);
}

function codes(result: CliResult): string[] {
  return result.objects.flatMap(({ finding }) => (finding === undefined ? [] : [finding.code]));
}

/** What the command said, for the message of a failed expectation. */
function words({ stdout, stderr }: CliResult): string {
  return `${stdout}${stderr}`.slice(-4000);
}
