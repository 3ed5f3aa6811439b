import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { createTerminal } from '../../src/cli/terminal/terminal.ts';
import { runMutated } from '../../src/verify/mutation/run-mutated.ts';
import { collectTerminal } from './collected-terminal.ts';

const CASE = `apiVersion: ovs-uplink/v1
kind: Exploration
host: plain
layout: host-port
course: restore
`;
const HANG = `${CASE.replace('restore', 'migrate')}faults: [{ operation: route.replace, kind: hang }]\n`;

const noEngine = () => Promise.reject(new Error('no engine is needed'));

async function run(argv: readonly string[], json = false) {
  const collected = collectTerminal({ json });
  const code = await runCli(argv, collected.terminal, noEngine);
  return { code, out: collected.out(), err: collected.err(), objects: collected.objects };
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-explore-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(text: string): Promise<string> {
  const path = join(folder, 'case.yaml');
  await writeFile(path, text);
  return path;
}

describe('explore refuses', () => {
  it.each([
    ['--budget', 'nonsense', 'a whole number from 1 to'],
    ['--budget', '0', 'a whole number from 1 to'],
    ['--jobs', '0', 'a whole number from 1 to 256'],
    ['--jobs', 'many', 'a whole number from 1 to 256'],
    ['--seed', '-1', 'a whole number from 0 to 4294967295'],
    ['--seed', '4294967296', 'a whole number from 0 to 4294967295'],
  ])('%s %s, names what was expected and ends with 2', async (option, value, expected) => {
    const { code, out, err } = await run(['explore', option, value]);
    expect([code, out]).toEqual([2, '']);
    expect(err.split('\n')).toHaveLength(2);
    for (const part of [option, expected, JSON.stringify(value)]) expect(err).toContain(part);
  });

  it.each([
    ['what is not YAML', 'a: [', 'YAML'],
    ['a tag of its own', `${CASE}faults: !own [x]\n`, '!own'],
    ['another version', CASE.replace('v1', 'v9'), 'ovs-uplink/v1'],
    [
      'an unknown incident',
      `${CASE}incidents: [{ when: { state: gating }, incident: { kind: meteor } }]\n`,
      'ovsdb.stop',
    ],
    [
      'an incident without its time',
      `${CASE}incidents: [{ when: { state: x }, incident: { kind: ovsdb.stop } }]\n`,
      'forMs',
    ],
    ['a file that is too large', `# ${'x'.repeat(1 << 20)}`, 'at most'],
    ['an unknown host', CASE.replace('plain', 'nowhere'), 'nowhere'],
  ])('%s, with one line that names it, and ends with 2', async (_, text, named) => {
    const path = await file(text);
    const { code, out, err } = await run(['explore', '--case', path]);
    expect([code, out]).toEqual([2, '']);
    expect(err.split('\n')).toHaveLength(2);
    expect(err).toContain(named);
    expect(err).toContain('(USAGE)');
  });

  it('a file that is not there', async () => {
    const { code, err } = await run(['explore', '--case', join(folder, 'missing.yaml')]);
    expect(code).toBe(2);
    expect(err).toContain('missing.yaml');
  });
});

describe('explore --case', () => {
  it('shows what happens, the same each time, and ends with 0 where all promises are kept', async () => {
    const path = await file(HANG);
    const { code, out, err } = await run(['explore', '--case', path]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/route\.replace !hang\n[\s\S]*-> rollingBack\.restoringRoutes\n[\s\S]*\nend rolledBack\n/);
    expect((await run(['explore', '--case', path])).out).toBe(out);
  });

  it('--json prints one object a line, the violations last', async () => {
    const { code, objects } = await run(['explore', '--json', '--case', await file(HANG)], true);
    expect(code).toBe(0);
    expect(objects()).toContainEqual({ trace: 'end rolledBack' });
    expect(objects().at(-1)).toMatchObject({ violations: [] });
  });

  it('names what is broken and ends with 1 where one is not', async () => {
    const outcome = await runMutated({
      mutation: { kind: 'drop-inverse', step: 'restoringName', what: 'restoringName does nothing' },
      module: new URL('explore-command.ts', import.meta.url).href,
      call: 'runCommand',
      argument: ['explore', '--case', await file(CASE)],
    });
    expect(outcome).toMatchObject({ kind: 'returned', value: { code: 1, out: expect.stringMatching(/\nI2 .*eth0/) } });
  });
});

describe('explore', () => {
  it('says how far it is, ends soon after a stop signal, and tells what it has', async () => {
    const written: string[] = [];
    const sink = (write: (text: string) => void) => ({ write, droppedBytes: 0, flush: async () => {} });
    let isTold = false;
    const out = sink(text => {
      written.push(text);
      if (!isTold && text.startsWith('\r')) {
        isTold = true;
        process.emit('SIGTERM', 'SIGTERM');
      }
    });
    const complaints: string[] = [];
    const terminal = createTerminal({
      out,
      err: sink(text => complaints.push(text)),
      outIsTty: true,
      errIsTty: false,
      json: false,
      environment: { NO_COLOR: '1' },
    });
    await runCli(['explore', '--jobs', '1', '--seed', '5'], terminal, noEngine);
    const text = written.join('');
    expect(written.find(piece => piece.startsWith('\r'))).toMatch(/^\r\d+ of \d+ cases, /);
    expect(complaints.join('')).toContain('SIGTERM');
    const [, cases] =
      /^seed 5: (\d+) cases, \d+ runs/m.exec(text.replaceAll('\r', '\n').replaceAll('\x1b[K', '')) ?? [];
    expect(Number(cases)).toBeGreaterThan(0);
    expect(Number(cases)).toBeLessThan(1_000);
    expect(text).toMatch(/uplink-migration: \d+ of \d+ states, \d+ of \d+ transitions/);
    expect(text).toMatch(/trace [0-9a-f]{64}/);
  });
});
