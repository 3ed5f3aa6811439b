import type { InspectionEvent } from 'xstate';
import { realClock } from '../engine/clock.ts';
import { WIRE_VERSION } from './wire/messages.ts';

/** Where an inspector listens. */
export interface InspectorOptions {
  /** On 127.0.0.1; 0 takes a free one. Default 0. */
  readonly port?: number;
  /** Stately's inspector page, or another that does the same. Default https://stately.ai/inspect. */
  readonly statelyUrl?: string;
  /** What the page is called. */
  readonly title?: string;
}

/** Shows the charts of this process to browsers on this machine. */
export interface Inspector extends AsyncDisposable {
  /** Our viewer; the address holds the token, so it is not for a log that others read. */
  readonly url: string;
  /** The same charts in Stately's inspector, which the browser loads from there. */
  readonly statelyUrl: string;
  /** For {@link EngineOptions.inspect}, or `inspect` of any actor of XState. */
  readonly inspect: (event: InspectionEvent) => void;
  /** Resolves when every socket is closed. */
  close(): Promise<void>;
}

/**
 * Starts an inspector in this process, for an agent that embeds the engine: `createEngine({ inspect: inspector.inspect })`. What the charts do is only taken
 * down while they do it; it is told when the event loop has time. A browser that stalls, or fifty of them, change nothing for the charts: what
 * cannot be kept is dropped and counted. Errors: `USAGE` where the port is taken, and for a `statelyUrl` that is no page's.
 */
export async function startInspector(options: InspectorOptions = {}): Promise<Inspector> {
  // Who embeds the engine without an inspector does not wait for its code.
  const [{ createHub }, { startBridge }, { createTap }, { viewerPage }] = await Promise.all([
    import('./bridge/hub.ts'),
    import('./bridge/serve.ts'),
    import('./tap.ts'),
    import('./viewer-page.ts'),
  ]);
  const hub = createHub();
  const tap = createTap({ publish: hub.publish, clock: realClock });
  const bridge = await startBridge({
    hub,
    port: options.port ?? 0,
    page: viewerPage,
    statelyUrl: options.statelyUrl,
    clock: realClock,
  });
  const title = options.title ?? `process ${process.pid}`;
  const createdAt = String(realClock.wallTime());
  hub.publish({ type: '@ovs-uplink.source', title, kind: 'live', isLive: true, createdAt, _version: WIRE_VERSION });
  return {
    url: bridge.url,
    statelyUrl: bridge.statelyUrl,
    inspect: tap.inspect,
    close: bridge.close,
    [Symbol.asyncDispose]: bridge.close,
  };
}
