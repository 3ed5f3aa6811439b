import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findScenarioFiles } from '../../src/cli/replay/find-scenario-files.ts';
import { renderMismatches } from '../../src/cli/replay/render-result.ts';
import { PLAIN } from '../../src/cli/terminal/palette.ts';
import { replayOnLab } from '../../src/scenario/lab/replay-on-lab.ts';
import { loadScenarios } from '../../src/scenario/load/load-scenario.ts';
import type { ScenarioResult } from '../../src/scenario/result.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { describeLive } from '../lab/live.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/ovs-uplink', import.meta.url));
const LIMIT_MS = 120_000;
/** Labs at a time: more only wait for each other's processor. */
const LANES = 2;

/** Of the files that say that they pass on the lab every so many one is played here; `npm run soak:scenarios` plays them all. */
const PLAYED_EVERY = 12;
const claims: (readonly Scenario[])[] = [];
for (const file of await findScenarioFiles('fixtures/scenarios')) {
  const scenarios = await loadScenarios(file).catch(() => []);
  const fit = scenarios.filter(scenario => scenario.kind === 'HostScenario' && scenario.needs.includes('lab'));
  if (fit.length > 0) claims.push(fit);
}
const claimed: readonly Scenario[] =
  process.env['OVS_UPLINK_LAB_SCENARIOS'] === 'all'
    ? claims.flat()
    : claims.filter((_, at) => at % PLAYED_EVERY === 0).flatMap(fit => fit.slice(0, 1));

async function storyOf(result: ScenarioResult): Promise<string> {
  return [result.scenario.name, ...(await renderMismatches(result, PLAIN, false))].join('\n');
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-on-lab-'));
  // The program is stripped of its types once, not in every lab.
  process.env['NODE_COMPILE_CACHE'] ??= join(folder, 'compiled');
});
afterAll(() => rm(folder, { recursive: true }));

const lanes = Array.from({ length: LANES }, () => Promise.resolve());

/** Waits for the lane that was taken first, and takes it until the work is done. */
async function inLane<T>(work: () => Promise<T>): Promise<T> {
  const working = lanes.shift()!.then(work);
  lanes.push(
    working.then(
      () => {},
      () => {},
    ),
  );
  return await working;
}

/** A scenario on the plain host, of the text that follows `runs:`. */
async function file(name: string, runs: string, host = 'plain', needs = '[lab]'): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  const head = `apiVersion: ovs-uplink/v1\nkind: HostScenario\nname: ${name}\ntitle: One of the test\nneeds: ${needs}\nhost: ${host}\n`;
  await writeFile(path, `${head}runs:\n${runs}`);
  return path;
}

async function playOne(path: string): Promise<ScenarioResult> {
  const [scenario] = await loadScenarios(path);
  return await replayOnLab(scenario!);
}

const MIGRATE = '  - migrate: { layout: host-port }\n';

describeLive('the shipped scenarios that say so pass on the lab, the same file', () => {
  it('are fifteen or more', () => {
    expect(claims.length).toBeGreaterThanOrEqual(15);
  });

  it.concurrent.each(claimed.map(scenario => [scenario.name, scenario] as const))(
    '%s',
    { timeout: LIMIT_MS },
    async (_, scenario) => {
      const result = await inLane(() => replayOnLab(scenario));
      expect(result.skipped).toBeNull();
      expect(result.mismatches, await storyOf(result)).toEqual([]);
    },
  );
});

describeLive('a scenario on the lab', () => {
  it('shows everything that is not as expected', { timeout: LIMIT_MS }, async () => {
    const path = await file(
      'all-wrong',
      `${MIGRATE}    expect: { result: rolledBack, failedIn: gating, findings: [bridge-not-ours], alreadyDone: true }
happens:
  - { at: preparing.standing.makingHostPort, actor: { address.add: { link: eth0~, address: 192.0.2.9/32 } } }
  - { at: rollingBack, actor: { abort: {} } }
never: [{ state: cuttingOver }]
eventually: [{ effect: link.teleport }]
expect:
  sameAsBefore: true
  reachable: false
  host: { links: { eth0: { up: false } }, ovs: { bridges: { br-ext: null } }, journal: null }
`.replace('link.teleport', 'vport.delete'),
    );
    const { mismatches, timeline } = await playOne(path);
    const all = mismatches.map(({ what }) => what);
    for (const what of [
      'the result of run 1',
      'the state in which it failed of run 1',
      'the findings of run 1',
      'alreadyDone of run 1',
      'never state cuttingOver',
      'eventually effect vport.delete',
      'abort at state rollingBack',
      'sameAsBefore',
      'reachable',
      'host.links.eth0.up',
      'host.ovs.bridges.br-ext',
      'host.journal',
    ]) {
      expect(all).toContain(what);
    }
    const happened = timeline.findIndex(({ type }) => type === 'happening');
    expect(timeline[happened - 1]).toMatchObject({ state: 'preparing.standing.makingHostPort' });
  });

  it('says why an actor could not act', { timeout: LIMIT_MS }, async () => {
    const actor = 'altname.remove: { link: eth0, altname: nobody-has-it }';
    const { mismatches } = await playOne(
      await file('no-such', `${MIGRATE}happens: [{ at: gating, actor: { ${actor} } }]\n`),
    );
    expect(mismatches).toHaveLength(1);
    expect(mismatches[0]!.got).toContain('nobody-has-it');
  });

  it.each([
    [
      'a fault',
      'plain',
      '[lab]',
      `${MIGRATE}happens: [{ at: { operation: route.replace }, fault: hang }]\n`,
      'a fault',
    ],
    [
      'a moment in virtual time',
      'plain',
      '[lab]',
      `${MIGRATE}happens: [{ at: { time: 5ms }, actor: { abort: {} } }]\n`,
      'at states',
    ],
    [
      'an actor of the simulation',
      'plain',
      '[lab]',
      `${MIGRATE}happens: [{ at: gating, actor: { disk.full: {} } }]\n`,
      'disk.full',
    ],
    ['another host', 'bond', '[lab]', MIGRATE, 'bond'],
    ['no claim to pass', 'plain', '[]', MIGRATE, 'needs: [lab]'],
  ])('with %s is skipped and says why', async (_, host, needs, runs, said) => {
    const result = await playOne(await file('skipped', runs, host, needs));
    expect(result.skipped).toContain(said);
    expect([result.mismatches, result.timeline]).toEqual([[], []]);
  });
});

/** Namespaces of labs that this process, or one of its children with that id, has made. */
function namespacesOf(pid: number | undefined): readonly string[] {
  return readdirSync('/run/netns').filter(name => name.startsWith(`ovsu-${pid}-`));
}

async function run(
  argv: readonly string[],
  options: { readonly uid?: number; readonly onFirstOutput?: (kill: () => void) => void } = {},
) {
  const { uid, onFirstOutput } = options;
  const child = spawn(PROGRAM, ['replay', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let out = '';
  let err = '';
  child.stdout.on('data', chunk => {
    // Once: a second signal may come when the program is about to end, and nobody listens any more.
    if (out === '') onFirstOutput?.(() => child.kill('SIGINT'));
    out += chunk;
  });
  child.stderr.on('data', chunk => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out, err, left: namespacesOf(child.pid) };
}

describeLive('replay --on lab', () => {
  it('tells what passes and what fails, ends with 1, and leaves nothing behind', { timeout: LIMIT_MS }, async () => {
    const passes = await file('passes', `${MIGRATE}    expect: { result: committed }\n`);
    const fails = await file('fails', `${MIGRATE}    expect: { result: refused }\n`);
    const { code, out, err, left } = await run(['--on', 'lab', passes, fails]);
    expect([code, err, left]).toEqual([1, '', []]);
    expect(out).toMatch(/^ok .* passes\nFAILED .* fails\n/);
    expect(out).toContain(`${basename(fails)}:9:13\n    9 |     expect: { result: refused }`);
    expect(out).toContain('2 scenarios: 1 ok, 1 FAILED');
  });

  it('ends with 3 where all are skipped', async () => {
    const { code, out } = await run(['--on', 'lab', await file('elsewhere', MIGRATE, 'bond')]);
    expect(code).toBe(3);
    expect(out).toMatch(/^skipped {2}elsewhere: .*bond\n/);
  });

  it('without root says what is missing, and ends with 3', async () => {
    const { code, out, err } = await run(['--on', 'lab', 'anything.yaml'], { uid: 65_534 });
    expect([code, err]).toEqual([3, 'ovs-uplink: no lab can be made here\n']);
    expect(out).toContain('root is needed');
  });

  it('Ctrl-C takes the lab down and ends with 6', { timeout: LIMIT_MS }, async () => {
    const first = await file('first', MIGRATE);
    const second = await file('second', `${MIGRATE}  - restore: {}\n`);
    // The first has ended when the signal comes, so the second is about to be played, or is.
    const { code, out, err, left } = await run(['--on', 'lab', first, second], { onFirstOutput: kill => kill() });
    expect([code, left]).toEqual([6, []]);
    expect(out).toMatch(/^ok .* first\n1 scenario: 1 ok/);
    expect(err).toContain('SIGINT: stopping');
  });
});
