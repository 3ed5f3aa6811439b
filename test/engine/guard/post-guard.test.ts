import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/engine/clock.ts';
import type { Guards } from '../../../src/engine/guard/guards.ts';
import type { Launch } from '../../../src/engine/guard/launch.ts';
import { createGuards } from '../../../src/engine/guard/post-guard.ts';
import { type RunMessage, receive, rendezvousPath, send } from '../../../src/engine/guard/protocol.ts';
import { toFailure } from '../../../src/errors.ts';

const ORDER = { uplink: 'eth0', id: 'one', generation: 3 };
const NEVER = new AbortController().signal;

/** The other end: a guard that says what a test wants. */
class ScriptedGuard {
  readonly heard: RunMessage[] = [];
  kills = 0;
  socket: Socket | undefined;
  end: (how: string) => void = () => undefined;
  readonly pid = 4711;
  saidPid = 4711;
  saidGeneration = ORDER.generation;
  isSilent = false;
  #wake: () => void = () => undefined;

  launch(stateDir: string): Launch {
    return () => {
      const { promise: ended, resolve } = Promise.withResolvers<string>();
      this.end = how => {
        this.socket?.destroy();
        resolve(how);
      };
      if (!this.isSilent) this.#come(stateDir);
      return {
        pid: this.pid,
        ended,
        kill: () => {
          this.kills += 1;
          this.end('killed by SIGKILL');
        },
      };
    };
  }

  /** Resolves when that many messages have come. */
  async hears(count: number): Promise<void> {
    while (this.heard.length < count) await new Promise<void>(resolve => (this.#wake = resolve));
  }

  #come(stateDir: string): void {
    const socket = connect(rendezvousPath(stateDir, ORDER.uplink));
    this.socket = socket;
    send(socket, { type: 'hello', pid: this.saidPid });
    receive<RunMessage>(socket, message => {
      this.heard.push(message);
      if (message.type === 'order') send(socket, { type: 'armed', id: message.id, generation: this.saidGeneration });
      if (message.type === 'disarm') {
        send(socket, { type: 'disarmed' });
        this.end('exit 0');
      }
      this.#wake();
    });
  }
}

describe('a run with a guard', () => {
  let stateDir: string;
  let guard: ScriptedGuard;
  let guards: Guards;
  let nowMs: number;
  const lost: unknown[] = [];
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'guard-'));
    guard = new ScriptedGuard();
    nowMs = 1_000;
    lost.length = 0;
    // Time stands still but for the test; waits are as long as they are.
    const clock: Clock = {
      now: () => nowMs,
      wallTime: () => nowMs,
      setTimeout: (fn, delayMs) => setTimeout(fn, delayMs),
      clearTimeout: handle => clearTimeout(handle as NodeJS.Timeout),
    };
    guards = createGuards({ clock, stateDir, launch: guard.launch(stateDir), onHang: 'wait', argsFor: () => [] });
  });
  afterEach(async () => {
    guard.end('exit 0');
    expect(await readdir(stateDir)).toEqual([]);
    await rm(stateDir, { recursive: true });
  });
  const arm = (signal = NEVER) => guards.arm(ORDER, failure => lost.push(failure), signal);

  it('tells it which journal it guards and who it is, and is rid of it when it says so', async () => {
    const armed = await arm();
    expect(armed).toMatchObject({ pid: 4711 });
    expect(guard.heard).toMatchObject([
      { type: 'order', id: 'one', generation: 3, run: { pid: process.pid }, onHang: 'wait' },
    ]);
    expect(await armed?.disarm()).toBe(null);
    expect([guard.kills, lost]).toEqual([0, []]);
  });

  it('says only what the guard would not allow anyway: a cutover of many short states costs no message', async () => {
    const armed = (await arm())!;
    armed.allow(10_000);
    await guard.hears(2);
    expect(guard.heard.at(-1)).toEqual({ type: 'allow', allowMs: 15_000 });
    for (let state = 0; state < 10; state += 1) {
      nowMs += 400;
      armed.allow(10_000);
    }
    // Longer, and then much shorter again: both must be said.
    armed.allow(60_000);
    armed.allow(2_000);
    await guard.hears(4);
    expect(guard.heard.slice(2)).toEqual([
      { type: 'allow', allowMs: 65_000 },
      { type: 'allow', allowMs: 3_000 },
    ]);
    // Just before what was said is not enough any more.
    nowMs += 1_001;
    armed.allow(2_000);
    await guard.hears(5);
    expect(guard.heard.at(-1)).toEqual({ type: 'allow', allowMs: 3_000 });
    await armed.disarm();
  });

  it('hears at once, and once, that the guard was lost, and how', async () => {
    const armed = await arm();
    guard.end('killed by SIGKILL');
    await new Promise<void>(resolve => {
      const look = () => (lost.length > 0 ? resolve() : setImmediate(look));
      look();
    });
    expect(lost).toMatchObject([{ code: 'GUARD_FAILED', object: 'process 4711', got: 'killed by SIGKILL' }]);
    expect(await armed?.disarm()).toBe(null);
    expect(lost).toHaveLength(1);
  });

  it('is refused a guard that ends before it is ready', async () => {
    guard.isSilent = true;
    const arming = arm();
    setImmediate(() => guard.end('exit 2'));
    const failure = toFailure(await arming.catch(error => error));
    expect(failure).toMatchObject({ code: 'GUARD_FAILED', got: 'exit 2' });
    expect(failure.advice).toContain('--guard none');
  });

  it('takes no stranger for its guard', async () => {
    guard.saidPid = 1;
    expect(toFailure(await arm().catch(error => error))).toMatchObject({ code: 'GUARD_FAILED' });
    expect(guard.kills).toBe(1);
  });

  it('does not wait for a guard when it is asked to stop, and leaves none behind', async () => {
    guard.isSilent = true;
    const stop = new AbortController();
    const arming = arm(stop.signal);
    setImmediate(() => stop.abort());
    expect(toFailure(await arming.catch(error => error))).toMatchObject({ code: 'ABORTED' });
    expect(guard.kills).toBe(1);
  });

  it('does not take the guard of another generation for armed', async () => {
    guard.saidGeneration = 2;
    const stop = new AbortController();
    const arming = arm(stop.signal);
    await guard.hears(1);
    stop.abort();
    expect(toFailure(await arming.catch(error => error))).toMatchObject({ code: 'ABORTED' });
  });
});
