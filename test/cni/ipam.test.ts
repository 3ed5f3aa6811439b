import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExec } from '../../src/cni/ipam/exec-plugin.ts';
import { answering, type Bench, createBench, ETH1, IPAM_RESULT, netConf } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(async () => {
  expect(bench.mover.home).toContainEqual(ETH1);
  await bench[Symbol.asyncDispose]();
});

const add = (env = {}) => bench.run('ADD', netConf({ ipam: { type: 'pool' } }), env);

describe('an IPAM plugin', () => {
  it.each([
    ['exits without a word', 'exit 3', 'got exit 3; see'],
    ['says why on stderr only', 'echo no pool >&2; exit 3', 'got exit 3: no pool'],
    ['says no JSON', 'echo no pool; exit 3', 'got exit 3: no pool'],
    ['says JSON that is no error', `echo '{"code": "7"}'; exit 3`, 'got exit 3: {"code": "7"}'],
    ['is killed', `echo '{"code": 7, "msg": "unfinished"}'; kill -9 $$`, 'killed by SIGKILL'],
    ['answers with nothing', '', 'got ""'],
    ['answers with no JSON', 'echo 10.1.0.5', 'got "10.1.0.5\\n"'],
    ['answers with something else', 'echo []', 'the result of an ADD'],
    ['answers without an address', answering({ ips: [] }), 'expected an address'],
    ['answers with what is no address', answering({ ips: [{ address: '10.1.0.5' }] }), 'prefix length'],
    ['answers in an old form', answering({ cniVersion: '0.2.0', ip4: { ip: '10.1.0.5/16' } }), 'from 0.3.0 to 1.1.0'],
    [
      'answers with a next hop of the other family',
      answering({ ips: [{ address: '10.1.0.5/16' }], routes: [{ dst: '0.0.0.0/0', gw: 'fd00::1' }] }),
      '0.0.0.0/0 via fd00::1',
    ],
  ])('that %s is an error that says so', async (_title, script, details) => {
    await bench.install('pool', script);
    const { json } = await add();
    expect(json).toMatchObject({ code: 104, details: expect.stringContaining(details) });
    expect((json as { msg: string }).msg).toContain('pool');
    expect(await bench.calls()).toBe('ADD DEL');
  });

  it('is killed with all that it has started when it takes too long', async () => {
    bench.exec = createExec({ deadlineMs: 300, maxOutputBytes: 1 << 20 });
    await bench.install(
      'pool',
      `[ "$CNI_COMMAND" != ADD ] || { sleep 1000 & echo $! >'${bench.folder}/started'; wait; }`,
    );
    expect((await add()).json).toMatchObject({ code: 104, details: expect.stringContaining('no end after 300 ms') });
    const pid = Number(await readFile(join(bench.folder, 'started'), 'utf8'));
    expect(pid).toBeGreaterThan(1);
    // Adopted, it is reaped by somebody else; a zombie runs no more.
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('is not waited for when something that has left its group holds its pipes', async () => {
    bench.exec = createExec({ deadlineMs: 300, maxOutputBytes: 1 << 20 });
    await bench.install('pool', `[ "$CNI_COMMAND" != ADD ] || setsid sleep 5 &`);
    expect((await add()).json).toMatchObject({ code: 104, details: expect.stringContaining('no end after 300 ms') });
  });

  it.each(['stdout', 'stderr'])('is killed when it says too much on %s', async stream => {
    bench.exec = createExec({ deadlineMs: 20_000, maxOutputBytes: 10_000 });
    await bench.install('pool', `[ "$CNI_COMMAND" != ADD ] || yes ${stream === 'stderr' ? '>&2' : ''}`);
    expect((await add()).json).toMatchObject({
      code: 104,
      details: expect.stringContaining(`more than 10000 bytes on ${stream}`),
    });
  });

  it('need not read its stdin', async () => {
    await writeFile(join(bench.folder, 'pool'), `#!/bin/sh\nexec 0<&-\n${answering(IPAM_RESULT)}\n`, { mode: 0o755 });
    const conf = netConf({ ipam: { type: 'pool' }, padding: 'x'.repeat(900_000) });
    expect((await bench.run('ADD', conf)).exitCode).toBe(0);
    await bench.run('DEL', conf);
  });

  it('has its stderr passed on, also when it succeeds', async () => {
    await bench.install('pool', `echo a warning >&2\n${answering(IPAM_RESULT)}`);
    expect(await add()).toMatchObject({ exitCode: 0, stderr: 'a warning\n' });
    await bench.run('DEL', netConf());
  });

  it('is run without a shell, and its name is a name', async () => {
    const name = 'a b;touch x';
    await bench.install(name, answering(IPAM_RESULT));
    expect((await bench.run('ADD', netConf({ ipam: { type: name } }))).exitCode).toBe(0);
    await bench.run('DEL', netConf());
  });

  it('is the first of CNI_PATH that can be run', async () => {
    const [folder, file] = [join(bench.folder, 'folder'), join(bench.folder, 'file')];
    await mkdir(join(folder, 'pool'), { recursive: true });
    await mkdir(file);
    await writeFile(join(file, 'pool'), 'not for running', { mode: 0o644 });
    await bench.install('pool', answering(IPAM_RESULT));
    expect((await add({ CNI_PATH: `:${folder}:${file}:${bench.folder}` })).exitCode).toBe(0);
    await bench.run('DEL', netConf());
  });

  it('that cannot be started is an error that says why', async () => {
    const path = join(bench.folder, 'pool');
    await writeFile(path, '#!/not/there\n');
    await chmod(path, 0o755);
    expect((await add()).json).toMatchObject({ code: 104, details: expect.stringContaining('ENOENT') });
    await bench.install('pool', answering(IPAM_RESULT));
    // More than the kernel takes (MAX_ARG_STRLEN).
    const { json } = await add({ CNI_ARGS: 'x'.repeat(200_000) });
    expect(json).toMatchObject({ code: 104, details: expect.stringContaining('E2BIG') });
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}
