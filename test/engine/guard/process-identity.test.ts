import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { identify, isAlive } from '../../../src/engine/guard/process-identity.ts';

describe('the identity of a process', () => {
  it('stays the same while it lives, and is not that of another with its pid', () => {
    const self = identify(process.pid)!;
    expect(identify(process.pid)).toEqual(self);
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, startTime: String(Number(self.startTime) - 1) })).toBe(false);
  });

  it('is none for a process that has ended', async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const identity = identify(child.pid!)!;
    expect(isAlive(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(identity)).toBe(false);
  });

  it('is read past a name with spaces and parentheses', async () => {
    const child = spawn('sh', ['-c', 'printf "a) R (b" >/proc/self/comm; echo; read -r _'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    const started = BigInt(identify(child.pid!)!.startTime);
    expect(started).toBeGreaterThanOrEqual(BigInt(identify(process.pid)!.startTime));
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
