import type { Probe } from '../../domain/request.ts';
import type { Clock } from '../../engine/clock.ts';
import { describeFailure, toFailure } from '../../errors.ts';
import type { Host, ProbeOutcome } from '../../host/host.ts';
import type { HostView, WireMessage } from '../wire/messages.ts';
import { WIRE_VERSION } from '../wire/messages.ts';
import { hostSections } from './host-sections.ts';

/** Between two questions of a probe, in ms. */
const PROBE_EVERY_MS = 100;
/** For an answer; longer is an outage. */
const PROBE_LIMIT_MS = 1_000;

/** What comes in a burst of events is read once. */
const LEAST_REST_MS = 2;
/** After a read that failed, unless an event comes before. */
const READ_AGAIN_MS = 1_000;

/** What to watch, and how to tell it. */
export interface HostWatchOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly probes: readonly Probe[];
  readonly publish: (message: WireMessage) => void;
  readonly signal: AbortSignal;
}

/**
 * Tells what becomes of this host: its links, addresses, routes, rules and rows, read again after each event, and whether the probes' targets answer.
 * Only reads. Resolves when the signal has aborted and nothing is under way any more.
 */
export async function watchHost(options: HostWatchOptions): Promise<void> {
  await Promise.all([watchState(options), ...options.probes.map(probe => watchProbe(options, probe))]);
}

async function watchState({ host, clock, publish, signal }: HostWatchOptions): Promise<void> {
  let news = Promise.withResolvers<void>();
  const unsubscribe = host.subscribe(() => news.resolve());
  const onAbort = (): void => news.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  // Without Open vSwitch there is still a kernel to look at; its rows come when it does.
  host.connectOvs(signal).then(
    () => news.resolve(),
    () => undefined,
  );
  let shown = '';
  let trouble = '';
  const base = () => ({ createdAt: String(clock.wallTime()), _version: WIRE_VERSION });
  const look = async (): Promise<void> => {
    const kernel = await host.readKernel({ routes: true });
    const muted = await host.mutedLinks();
    const view = JSON.stringify(hostSections({ kernel, muted, ovs: host.ovs() }));
    trouble = '';
    if (view === shown) return;
    shown = view;
    publish({ ...base(), type: '@ovs-uplink.host', host: JSON.parse(view) as HostView });
  };
  try {
    while (!signal.aborted) {
      news = Promise.withResolvers();
      const since = clock.now();
      try {
        await look();
      } catch (error) {
        const text = `the host cannot be read: ${describeFailure(toFailure(error))}`;
        if (text !== trouble) publish({ ...base(), type: '@ovs-uplink.note', kind: 'happening', text });
        trouble = text;
        await Promise.race([news.promise, pause(clock, READ_AGAIN_MS, signal)]);
        continue;
      }
      const tookMs = clock.now() - since;
      await news.promise;
      // A host whose routes flap is not read more than half of the time.
      await pause(clock, Math.max(LEAST_REST_MS, tookMs), signal);
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', onAbort);
  }
}

async function watchProbe({ host, clock, publish, signal }: HostWatchOptions, probe: Probe): Promise<void> {
  const answered = new Map<string, boolean>();
  const tell = (target: string, ok: boolean, atMs: number): void => {
    // A target that has never answered has no outage.
    if (answered.get(target) === ok || (!ok && !answered.has(target))) return;
    answered.set(target, ok);
    publish({ type: '@ovs-uplink.probe', target, ok, createdAt: String(atMs), _version: WIRE_VERSION });
  };
  while (!signal.aborted) {
    const askedAt = clock.wallTime();
    // What cannot be asked does not answer.
    const outcome = await ask(host, probe, signal).catch(() => undefined);
    if (signal.aborted) return;
    const heard = new Map((outcome?.targets ?? []).map(({ target, passed }) => [target, passed]));
    for (const target of new Set([...answered.keys(), ...heard.keys()]))
      tell(target, heard.get(target) ?? false, askedAt);
    await pause(clock, Math.max(0, askedAt + PROBE_EVERY_MS - clock.wallTime()), signal);
  }
}

async function ask(host: Host, probe: Probe, signal: AbortSignal): Promise<ProbeOutcome> {
  const { links } = await host.readKernel({ routes: false });
  const indices = links.map(({ index }) => index);
  return await host.probe(probe, indices, PROBE_LIMIT_MS, signal);
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise(resolve => {
    const timer = clock.setTimeout(end, ms);
    function end(): void {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
    signal.addEventListener('abort', end, { once: true });
  });
}
