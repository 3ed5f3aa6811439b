import { createInterface } from 'node:readline';
import { uplinkError } from '../../src/errors.ts';
import { labEnvironment, runCommand, spawnInNetns } from './command.ts';

/** Kernel events of one namespace as `ip -o monitor` prints them, one line an event. */
export interface KernelWatch extends AsyncDisposable {
  /** Events so far, oldest first; at most the last 10 000 are kept. */
  readonly lines: readonly string[];
  /**
   * Resolves with the first event since the watch began that `matches` accepts. Rejects with `DEADLINE` or `ABORTED`.
   */
  event(matches: (line: string) => boolean, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<string>;
  /** Resolves when the monitor process has ended. */
  stop(): Promise<void>;
}

const MAX_LINES = 10_000;
const MARKER_ATTEMPT_MS = 500;
const MARKER_ATTEMPTS = 20;

/**
 * Watches `link`, `address`, `route`, … of a namespace. Resolves once events really arrive, so a change made afterwards
 * is never missed.
 *
 * `ip monitor` does not say when it has joined its groups, so a marker (an address of 127/8 put on `lo` and taken off
 * again) is sent until it comes back.
 */
export async function watchKernel(netns: string, objects: readonly string[]): Promise<KernelWatch> {
  const argv = ['ip', '-o', 'monitor', ...new Set([...objects, 'address'])];
  const child = spawnInNetns(netns, argv, { stdio: ['ignore', 'pipe', 'ignore'], env: labEnvironment() });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  createInterface({ input: child.stdout! }).on('line', line => {
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
    for (const listener of listeners) listener(line);
  });

  const event: KernelWatch['event'] = (matches, options = {}) =>
    new Promise((resolve, reject) => {
      const known = lines.find(matches);
      if (known !== undefined) return resolve(known);
      const timeoutMs = options.timeoutMs ?? 10_000;
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        listeners.delete(onLine);
        options.signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const onLine = (line: string) => {
        if (matches(line)) finish(() => resolve(line));
      };
      const onAbort = () =>
        finish(() => reject(uplinkError('ABORTED', { what: 'wait for a kernel event', object: netns })));
      const timer = setTimeout(() => {
        const got = lines.slice(-5).join(' | ') || 'no event at all';
        const details = {
          what: 'kernel event did not come',
          object: netns,
          expected: `an event in ${timeoutMs} ms`,
          got,
        };
        finish(() => reject(uplinkError('DEADLINE', details)));
      }, timeoutMs);
      listeners.add(onLine);
      options.signal?.addEventListener('abort', onAbort, { once: true });
    });

  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };

  try {
    await joined(netns, event);
  } catch (error) {
    await stop();
    throw error;
  }
  lines.length = 0;
  return { lines, event, stop, [Symbol.asyncDispose]: stop };
}

async function joined(netns: string, event: KernelWatch['event']): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const marker = `127.255.${attempt}.1/32`;
    // Any of them: on a slow machine one comes back after the next was sent.
    const seen = event(line => /^Deleted .* inet 127\.255\.\d+\.1\/32 /.test(line), {
      timeoutMs: MARKER_ATTEMPT_MS,
    });
    seen.catch(() => {}); // awaited below, after the commands that make it happen
    const input = `addr add ${marker} dev lo\naddr del ${marker} dev lo\n`;
    await runCommand(['ip', '-n', netns, '-batch', '-'], { input, check: true });
    try {
      await seen;
      return;
    } catch (error) {
      if (attempt === MARKER_ATTEMPTS) throw error;
    }
  }
}
