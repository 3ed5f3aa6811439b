import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  killClient,
  originOf,
  pauseClient,
  resumeClient,
  startProgram,
} from '../../../../src/host/owners/processes/restart.ts';

const SOURCE = fileURLToPath(new URL('../../../../src/host/owners/processes/restart.ts', import.meta.url));
const ORIGIN = { program: null, environment: { PATH: process.env['PATH'] ?? '', WORD: 'kept' }, controlGroup: null };
/** Says its pid, session and environment, and stays. */
const STAYS = [
  'sh',
  '-c',
  'echo "$$ $(cut -d" " -f6 /proc/$$/stat) $WORD" > "$2.new" && mv "$2.new" "$2" && exec sleep 60',
  'sh',
  '-d',
];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-restart-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a program that is started for good', () => {
  it('goes on in a session of its own when its starter has ended', async () => {
    const said = join(folder, 'said');
    const argv = JSON.stringify([...STAYS, said]);
    const script = `import { startProgram } from ${JSON.stringify(SOURCE)};
      import { existsSync, watch } from 'node:fs';
      const { promise, resolve } = Promise.withResolvers();
      watch(${JSON.stringify(folder)}, () => existsSync(${JSON.stringify(said)}) && resolve());
      await startProgram(${argv}, ${JSON.stringify(ORIGIN)}, new AbortController().signal);
      await promise;
      process.exit(0);`;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
    expect(await new Promise(resolve => starter.once('close', resolve))).toBe(0);
    const [pid, session, word] = (await readFile(said, 'utf8')).trim().split(' ');
    try {
      expect(originOf(Number(pid))).toMatchObject({ program: expect.stringMatching(/sleep|busybox|coreutils/) });
      expect([session, word]).toEqual([pid, 'kept']);
    } finally {
      process.kill(Number(pid), 'SIGKILL');
    }
  });

  it.each([
    [['false'], 'exit 1'],
    [['/no/such/program'], 'ENOENT'],
  ])('%s tells why it did not start', async (argv, got) => {
    await expect(startProgram(argv, ORIGIN, new AbortController().signal)).rejects.toMatchObject({
      code: 'DEFECT',
      details: { got: expect.stringContaining(got) },
    });
  });

  it('is killed where it is not in the background in time', async () => {
    const word = join(folder, 'word');
    const waiting = startProgram(
      ['sh', '-c', 'sleep 0.3; echo late > "$1"', 'sh', word],
      ORIGIN,
      AbortSignal.timeout(20),
    );
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
    // Longer than it would have needed.
    await startProgram(['sleep', '0.4'], ORIGIN, new AbortController().signal);
    await expect(readFile(word)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a client in whose place another is tried', () => {
  /** Says a word for each line that it reads, and one at its end. */
  const CLIENT = [
    '-c',
    'trap "echo released; exit" TERM HUP INT; echo ready; while read -r line; do echo "got $line"; done',
  ];

  it('stands still without a last word, and goes on as before', async () => {
    const child = spawn('sh', CLIENT);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    const pidFile = join(folder, 'pid');
    await writeFile(pidFile, `${child.pid}\n`);
    const client = { pid: child.pid ?? 0, pidFile };

    pauseClient(client);
    await expect(readFile(pidFile)).rejects.toMatchObject({ code: 'ENOENT' });
    // The kernel stops it at its next step, and tells nobody but its parent, which node does not ask.
    await vi.waitFor(async () => expect(await readFile(`/proc/${child.pid}/stat`, 'utf8')).toMatch(/\) T /));
    resumeClient(client);
    expect(await readFile(pidFile, 'utf8')).toBe(`${child.pid}\n`);
    child.stdin.write('on\n');
    expect((await lines.next()).value).toBe('got on');

    const closed = new Promise(resolve => child.once('close', resolve));
    pauseClient(client);
    killClient(client);
    expect(await lines.next(), 'nothing more is said').toMatchObject({ done: true });
    await closed;
    resumeClient(client);
    await expect(readFile(pidFile), 'of one that has ended').rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps the pid file that another has written meanwhile, and leaves that of another', async () => {
    const child = spawn('sh', CLIENT);
    const pidFile = join(folder, 'pid');
    await writeFile(pidFile, '1\n');
    const client = { pid: child.pid ?? 0, pidFile };
    pauseClient(client);
    resumeClient(client);
    expect(await readFile(pidFile, 'utf8')).toBe('1\n');
    killClient(client);
  });
});
