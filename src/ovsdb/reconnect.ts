import { setTimeout as delay } from 'node:timers/promises';
import type { Failure } from '../errors.ts';
import { describeFailure, toFailure } from '../errors.ts';
import { type LinkOptions, type OpenedLink, openLink } from './open-link.ts';
import { formatRemote, type Remote } from './remote.ts';

/** What the loop tells its owner. */
export interface ReconnectListener {
  onTrying(): void;
  onOpened(opened: OpenedLink): void;
  onGone(failure: Failure): void;
}

export interface ReconnectLoop {
  /** The last failure of each remote, as text; empty once it answered. */
  readonly failures: ReadonlyMap<string, string>;
  /** Resolves when the loop has ended, which only its signal makes it do. */
  readonly ended: Promise<void>;
}

/**
 * Keeps one connection to one of the remotes until the signal ends. After a loss the next remote is tried; the delay
 * between rounds doubles from `minDelayMs` to `maxDelayMs`, and starts again once a connection has lasted `maxDelayMs`, so that a
 * server which accepts and drops at once is not hammered.
 */
export function startReconnectLoop(
  remotes: readonly Remote[],
  options: LinkOptions,
  delays: { readonly minDelayMs: number; readonly maxDelayMs: number },
  listener: ReconnectListener,
  signal: AbortSignal,
): ReconnectLoop {
  const failures = new Map<string, string>();
  let next = 0;
  let pauseMs = delays.minDelayMs;

  async function pause(): Promise<void> {
    await delay(pauseMs, undefined, { signal }).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, delays.maxDelayMs);
  }

  async function tryOne(remote: Remote): Promise<OpenedLink | undefined> {
    const text = formatRemote(remote);
    try {
      const opened = await openLink(remote, options, signal);
      failures.delete(text);
      return opened;
    } catch (error) {
      failures.set(text, describeFailure(toFailure(error)));
      return undefined;
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      listener.onTrying();
      let opened: OpenedLink | undefined;
      for (let tried = 0; tried < remotes.length && opened === undefined && !signal.aborted; tried++) {
        const remote = remotes[next++ % remotes.length];
        if (remote !== undefined) opened = await tryOne(remote);
      }
      if (opened !== undefined) {
        await useLink(opened);
        if (signal.aborted) return;
      }
      await pause();
    }
  }

  async function useLink(opened: OpenedLink): Promise<void> {
    const since = performance.now();
    const end = () => opened.link.session.close();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    else listener.onOpened(opened);
    const failure = await opened.gone;
    signal.removeEventListener('abort', end);
    failures.set(opened.link.remote, describeFailure(failure));
    listener.onGone(failure);
    if (performance.now() - since >= delays.maxDelayMs) pauseMs = delays.minDelayMs;
  }

  return { failures, ended: run() };
}
