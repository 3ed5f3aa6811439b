import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { createTerminal } from '../../src/cli/terminal/terminal.ts';
import { collectTerminal } from './collected-terminal.ts';

const noEngine = () => Promise.reject(new Error('no engine is needed'));

async function run(argv: readonly string[], options: { readonly json?: boolean } = {}) {
  const collected = collectTerminal(options);
  const code = await runCli(['replay', ...argv], collected.terminal, noEngine);
  return { code, out: collected.out(), err: collected.err(), objects: collected.objects };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-replay-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A migration of a plain host that is said to end so; `name` is the file's, too. */
async function scenario(name: string, result = 'committed', more = ''): Promise<string> {
  const path = join(folder, `${name}.yaml`);
  const text = `apiVersion: ovs-uplink/v1
kind: HostScenario
name: ${name}
title: A migration
host: plain
runs:
  - migrate: { layout: host-port }
    expect: { result: ${result} }
${more}`;
  await writeFile(path, text);
  return path;
}

describe('replay of one file', () => {
  it('shows the time line: virtual time, states and what is done in them; and ends with 0', async () => {
    const { code, out, err } = await run([await scenario('goes-well')]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^ok .* steps {2}goes-well\n/);
    expect(out).toMatch(/\n +\+[\d.]+ms preparing\.standing\.renamingUplink\n +\+[\d.]+ms {3}→ rename eth0 to eth0~\n/);
    expect(out).toMatch(/\n1 scenario: 1 ok; \d+ steps in .* a second\n$/);
  });

  it('--verbose adds the operations', async () => {
    const path = await scenario('goes-well');
    const [compact, verbose] = [await run([path]), await run(['--verbose', path])];
    expect(compact.out).not.toMatch(/· /);
    expect(verbose.out).toMatch(/ms {3}· \w/);
  });

  it('shows where it fails: the line with a caret, the difference, and the last ten steps; and ends with 1', async () => {
    const { code, out } = await run([await scenario('goes-wrong', 'rolledBack')]);
    expect(code).toBe(1);
    const failure = out.slice(out.indexOf('the result of run 1')).split('\n');
    expect(failure[1]).toBe(`    ${folder}/goes-wrong.yaml:8:13`);
    expect(failure[2]).toBe('    8 |     expect: { result: rolledBack }');
    expect(failure[3]).toBe('      |             ^');
    expect(failure[4]).toBe('    - rolledBack');
    expect(failure[5]).toMatch(/^ {4}\+ committed/);
    expect(failure[6]).toMatch(/^ {2}the last 10 steps, \d+ before them:$/);
    expect(failure.slice(7, 17).every(line => /^ +\+[\d.]+ms /.test(line))).toBe(true);
    expect(failure[16]).toContain('committed');
    expect(out).toContain('1 FAILED');
  });

  it('of a repeated scenario tells each by its value, without their time lines', async () => {
    const text = '\nrepeat: { layout: [host-port, bridge-port] }\n';
    const path = await scenario('both-layouts');
    await writeFile(path, (await readFile(path, 'utf8')).replace('layout: host-port', `layout: "\${layout}"`) + text);
    const { code, out } = await run([path]);
    expect(code).toBe(0);
    expect(
      out
        .split('\n')
        .slice(0, 2)
        .map(line => line.split('steps  ')[1]),
    ).toEqual(['both-layouts[layout=host-port]', 'both-layouts[layout=bridge-port]']);
    expect(out).not.toContain('preparing');
  });

  it('--until stops there, expects nothing of what would come after, and says when that never comes', async () => {
    const path = await scenario('goes-wrong', 'rolledBack');
    const { code, out } = await run(['--until', 'cuttingOver', path]);
    expect(code).toBe(0);
    expect(out).toContain('cuttingOver.attachingUplink');
    expect(out).not.toContain('switchingRoutes');
    const never = await run(['--until', 'stranded', await scenario('goes-well')]);
    expect(never.err).toBe('ovs-uplink: no scenario enters stranded\n');
  });

  it('--json prints its entries and its result, one object a line, and last the counts', async () => {
    const { code, objects } = await run(['--json', await scenario('goes-wrong', 'rolledBack')], { json: true });
    expect(code).toBe(1);
    const printed = objects();
    expect(printed[0]).toMatchObject({ entry: { scenario: 'goes-wrong', atMs: 0, type: 'run' } });
    expect(printed.at(-2)).toMatchObject({
      result: {
        scenario: 'goes-wrong',
        ok: false,
        mismatches: [{ place: { line: 8, column: 13 }, expected: 'rolledBack' }],
        trace: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(printed.at(-1)).toMatchObject({ summary: { scenarios: 1, ok: 0, failed: 1, badFiles: 0 } });
  });
});

describe('replay of several', () => {
  it('tells each in a line and counts them; a host description in the folder is none', async () => {
    await scenario('second');
    await scenario('first');
    await mkdir(join(folder, 'below'));
    await rename(await scenario('third'), join(folder, 'below', 'third.yaml'));
    await cp('fixtures/hosts/plain.yaml', join(folder, 'plain.yaml'));
    const { code, out } = await run([folder]);
    expect(code).toBe(0);
    const names = out.split('\n').map(line => line.split('steps  ')[1]);
    expect(names.slice(0, 3)).toEqual(['third', 'first', 'second']);
    expect(out.split('\n')).toHaveLength(5);
    expect(out).toContain('3 scenarios: 3 ok');
  });

  it('--seed shuffles them, the same each time', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await scenario(name);
    const orderOf = async (...argv: string[]) =>
      (await run([...argv, folder])).out.split('\n').flatMap(line => line.split('steps  ')[1] ?? []);
    const orders = [await orderOf('--seed', '1'), await orderOf('--seed', '1'), await orderOf('--seed', '2')];
    expect(orders[0]).toEqual(orders[1]);
    expect(orders[0]).not.toEqual(orders[2]);
    expect([...orders[2]!].sort()).toEqual(await orderOf());
  });

  it('tells of each bad file with its place, plays the others, and ends with 2', async () => {
    const good = await scenario('goes-well');
    const bad = await scenario('misspelt', 'comitted');
    const missing = join(folder, 'missing.yaml');
    const { code, out, err } = await run([bad, missing, good]);
    expect(code).toBe(2);
    const complaints = err.trimEnd().split('\n');
    expect(complaints).toHaveLength(2);
    expect(err).toContain(`${bad}:8:23: `);
    expect(err).toContain('missing.yaml');
    expect(out).toMatch(/^ok .*goes-well\n1 scenario: 1 ok, 2 bad files; /);
  });

  it('--junit writes a report of all of them', async () => {
    const report = join(folder, 'report.xml');
    const files = [await scenario('goes-well'), await scenario('goes-wrong', 'rolledBack'), await scenario('bad', '7')];
    expect((await run(['--junit', report, ...files])).code).toBe(2);
    const xml = await readFile(report, 'utf8');
    expect(xml).toMatch(/<testsuites [^>]*tests="3" failures="1" errors="1" skipped="0"/);
    expect(xml).toMatch(/<testcase classname="[^"]*goes-wrong\.yaml" name="goes-wrong"[^>]*>\n +<failure /);
  });

  it('of an empty folder says that there is nothing', async () => {
    const { code, err } = await run([folder]);
    expect(code).toBe(2);
    expect(err).toContain('no scenario');
  });
});

describe('golden time lines', () => {
  it('are written with --update, kept to from then on, and the first difference is shown', async () => {
    const path = await scenario('goes-well');
    const golden = path.replace('.yaml', '.golden');
    expect((await run(['--update', path])).code).toBe(0);
    expect((await run([path])).code).toBe(0);
    const text = await readFile(golden, 'utf8');
    await writeFile(golden, text.replace('rename eth0 to eth0~', 'rename eth0 to eth1'));
    const { code, out } = await run([path]);
    expect(code).toBe(1);
    const line = text.split('\n').findIndex(each => each.includes('rename eth0 to eth0~')) + 1;
    expect(out).toContain(`the golden time line\n    ${golden}:${line}:1\n`);
    expect(out).toMatch(/ {4}- .* rename eth0 to eth1\n {4}\+ .* rename eth0 to eth0~\n/);
    expect((await run(['--update', path])).code).toBe(0);
    expect(await readFile(golden, 'utf8')).toBe(text);
  });

  it.each([
    ['--until', 'gating'],
    ['--on', 'lab'],
  ])('are not made of a part, or in real time: --update %s %s', async (...argv) => {
    const { code, err } = await run(['--update', ...argv, await scenario('goes-well')]);
    expect(code).toBe(2);
    expect(err).toContain('--update');
  });
});

describe('replay --watch', () => {
  it('plays again when a file changes, and ends with a signal and the code of its last round', async () => {
    const path = await scenario('goes-wrong', 'rolledBack');
    const waits = Promise.withResolvers<void>();
    const again = Promise.withResolvers<void>();
    let text = '';
    const sink = {
      droppedBytes: 0,
      flush: async () => {},
      write(more: string) {
        text += more;
        if (!text.includes('waiting for a change')) return;
        waits.resolve();
        // The round has ended: it may have been a second one, of the file half written.
        if (/waiting.*1 ok.*waiting/s.test(text)) again.resolve();
      },
    };
    const terminal = createTerminal({
      out: sink,
      err: sink,
      outIsTty: false,
      errIsTty: false,
      json: false,
      environment: {},
    });
    const code = runCli(['replay', '--watch', path], terminal, noEngine);
    await waits.promise;
    expect(text).toContain('FAILED');
    await scenario('goes-wrong', 'committed');
    await again.promise;
    process.emit('SIGINT', 'SIGINT');
    expect(await code).toBe(0);
  });
});

describe('replay refuses', () => {
  it.each([
    [[], 'file'],
    [['--on', 'moon', 'x.yaml'], 'simulation or lab'],
    [['--until', 'a b', 'x.yaml'], 'not a state'],
    [['--seed', 'x', 'x.yaml'], 'whole number'],
    [['--watch', '/nowhere/x.yaml'], '/nowhere'],
    [['--until', 'gating', '--on', 'lab', 'x.yaml'], '--until --on lab'],
  ])('%j', async (argv, said) => {
    const { code, out, err } = await run(argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });
});
