import { createActor } from 'xstate';
import type { FactNames } from '../domain/ovs-facts.ts';
import { pickFacts } from '../domain/ovs-facts.ts';
import { toFailure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Clock } from './clock.ts';
import { guardInspection } from './guard-inspection.ts';
import { statePath } from './migration/state-path.ts';
import { bindReadiness, READINESS_TEXTS } from './readiness.ts';
import type { ReadinessReport } from './run.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

/** Runs the readiness chart alone; resolves with its time line, also when it did not become ready. */
export async function awaitReadiness(
  host: Host,
  clock: Clock,
  options: {
    readonly bridge?: string;
    readonly timeoutMs?: number;
    /** flow-restore-wait is ours to clear. */
    readonly clearFlowRestoreWait?: boolean;
    readonly signal?: AbortSignal;
    readonly onProgress?: (entry: { readonly atMs: number; readonly text: string }) => void;
  },
): Promise<ReadinessReport> {
  const names: FactNames = { bridge: options.bridge ?? null, hostPort: null, uplink: null };
  const startedAt = clock.now();
  const timeline: { readonly atMs: number; readonly text: string }[] = [];
  const actor = createActor(
    bindReadiness(host, () => names),
    {
      clock,
      // Every microstep: states that are passed in one go became true together.
      inspect: guardInspection(event => {
        if (event.type !== '@xstate.microstep' || event.actorRef !== actor) return;
        const path = statePath((event.snapshot as { readonly value?: unknown }).value);
        note(READINESS_TEXTS[path] ?? path);
      }),
      input: {
        bridge: names.bridge,
        once: true,
        deadlineMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        clearFlowRestoreWait: options.clearFlowRestoreWait ?? false,
      },
    },
  );
  const { promise, resolve } = Promise.withResolvers<ReadinessReport>();
  const note = (text: string): void => {
    if (timeline.at(-1)?.text === text) return;
    const entry = { atMs: clock.now() - startedAt, text };
    timeline.push(entry);
    options.onProgress?.(entry);
  };
  const stopEvents = host.subscribe(event => {
    if (actor.getSnapshot().status !== 'active') return;
    if (event.type === 'ovsdb.state.changed') {
      actor.send({ type: 'ovsdb.facts.changed', ovs: pickFacts(event.ovs, names) });
    } else if (event.type === 'ovsdb.connection.opened' || event.type === 'ovsdb.connection.lost') actor.send(event);
  });
  const onAbort = (): void =>
    resolve({ ready: false, timeline, failure: { code: 'ABORTED', what: 'asked to stop waiting' } });
  options.signal?.addEventListener('abort', onAbort, { once: true });
  actor.subscribe({
    next: snapshot => {
      if (snapshot.status === 'done')
        resolve({ ready: snapshot.matches('passed'), timeline, failure: snapshot.context.failure });
    },
    error: error => resolve({ ready: false, timeline, failure: toFailure(error) }),
    complete: () => undefined,
  });
  if (options.signal?.aborted) onAbort();
  note(READINESS_TEXTS['waiting.connecting'] ?? '');
  actor.start();
  try {
    return await promise;
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    stopEvents();
    actor.stop();
  }
}
