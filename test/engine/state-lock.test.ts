import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLockHolder, takeStateLock } from '../../src/engine/state-lock.ts';
import { spawnInNetns } from '../lab/command.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), `ovsu-${process.pid}-lock-`));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const SOURCE = fileURLToPath(new URL('../../src/engine/state-lock.ts', import.meta.url));
const HOLDER = `
const { takeStateLock } = await import(process.argv[1]);
takeStateLock(process.argv[2]);
console.log('held');
setInterval(() => {}, 1 << 30);
`;

describe('the lock of a state folder', () => {
  it('is held once, says by whom, and is free after release', () => {
    const lock = takeStateLock(directory);
    expect(findLockHolder(directory)).toBe(`pid ${process.pid}`);
    expect(() => takeStateLock(directory)).toThrowError(
      expect.objectContaining({ code: 'LOCK_HELD', details: expect.objectContaining({ got: `pid ${process.pid}` }) }),
    );
    lock.release();
    expect(findLockHolder(directory)).toBeNull();
    takeStateLock(directory).release();
  });

  it('goes with the process that held it, also by SIGKILL', async () => {
    const argv = [process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', HOLDER];
    const child = spawnInNetns(undefined, [...argv, SOURCE, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise(resolve => child.once('exit', resolve));
    await new Promise(resolve => createInterface({ input: child.stdout! }).once('line', resolve));
    expect(findLockHolder(directory)).toBe(`pid ${child.pid}`);
    expect(() => takeStateLock(directory)).toThrowError(expect.objectContaining({ code: 'LOCK_HELD' }));
    child.kill('SIGKILL');
    await exited;
    expect(findLockHolder(directory)).toBeNull();
    takeStateLock(directory).release();
  });

  it('asking who holds it does not take it, nor makes it', () => {
    expect(findLockHolder(directory)).toBeNull();
    expect(() => readFileSync(join(directory, 'lock'))).toThrow('ENOENT');
    takeStateLock(directory).release();
    expect(findLockHolder(directory)).toBeNull();
    const lock = takeStateLock(directory);
    lock.release();
  });

  it('is a file of this user only, and never somebody else’s by a symbolic link', () => {
    const target = join(directory, 'precious');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(directory, 'lock'));
    expect(() => takeStateLock(directory)).toThrowError(expect.objectContaining({ code: 'JOURNAL_WRITE' }));
    expect(readFileSync(target, 'utf8')).toBe('precious');
    rmSync(join(directory, 'lock'));
    takeStateLock(directory).release();
    expect(statSync(join(directory, 'lock')).mode & 0o777).toBe(0o600);
  });

  it('in a folder that is not there is JOURNAL_WRITE; nobody holds it', () => {
    const nowhere = join(directory, 'nowhere');
    expect(() => takeStateLock(nowhere)).toThrowError(expect.objectContaining({ code: 'JOURNAL_WRITE' }));
    expect(findLockHolder(nowhere)).toBeNull();
  });

  it('that a crash left behind with hostile contents names an unknown process at most', () => {
    writeFileSync(join(directory, 'lock'), Buffer.alloc(10_000, 0x41));
    expect(findLockHolder(directory)).toBeNull();
    const lock = takeStateLock(directory);
    expect(readFileSync(join(directory, 'lock'), 'utf8')).toBe(`pid ${process.pid}\n`);
    lock.release();
  });
});
