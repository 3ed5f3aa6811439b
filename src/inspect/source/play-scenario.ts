import type { Effect } from '../../domain/effect.ts';
import type { World } from '../../host/simulated/world.ts';
import { type Watch, watchReachability } from '../../scenario/host/watch-reachability.ts';
import { replay } from '../../scenario/replay.ts';
import type { ScenarioResult, TimelineEntry } from '../../scenario/result.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { createTap } from '../tap.ts';
import { type HostView, WIRE_VERSION, type WireMessage } from '../wire/messages.ts';
import { plain } from '../wire/plain.ts';
import { createChildCharts } from './child-charts.ts';
import { hostSections } from './host-sections.ts';
import { createRecordedHost } from './recorded-host.ts';

type Untimed = WireMessage extends infer M ? (M extends unknown ? Omit<M, 'createdAt' | '_version'> : never) : never;

/** What a target of probes is called where everything that answered before is meant. */
const GATEWAYS = 'gateways';

/**
 * Plays a scenario or a recording, and tells all that its charts do, what happens to its host, and whether that could be reached, in virtual time. Rejects
 * only for a defect of ours, or when it is aborted.
 */
export async function playScenario(
  scenario: Scenario,
  publish: (message: WireMessage) => void,
  signal?: AbortSignal,
): Promise<ScenarioResult> {
  let nowMs = 0;
  let watch: Watch | undefined;
  /** Null until the first look. */
  let isReached: boolean | null = null;
  let seen: readonly unknown[] = [];
  let shown: HostView | undefined;
  const recorded = createRecordedHost();
  const effects = effectsOf(scenario);
  const tell = (message: Untimed): void =>
    publish({ ...message, createdAt: String(nowMs), _version: WIRE_VERSION } as WireMessage);
  /** The time line tells microseconds, the clock of the world also what its sums leave over. */
  const goOn = (atMs: number): void => {
    nowMs = Math.max(nowMs, Math.round(atMs * 1_000) / 1_000);
  };
  const tellHost = (host: HostView | undefined): void => {
    if (host === undefined) return;
    const sections = plain(host) as unknown as HostView;
    if (shown !== undefined && JSON.stringify(sections) === JSON.stringify(shown)) return;
    shown = sections;
    tell({ type: '@ovs-uplink.host', host: sections });
  };
  const children = createChildCharts(publish);
  const tap = createTap({
    publish(message) {
      children.pass(message);
      if (message.type !== '@xstate.snapshot' || scenario.kind !== 'Recording') return;
      recorded.see(message.snapshot.context);
      tellHost(recorded.view());
    },
    clock: { wallTime: () => nowMs },
    // Time is not real here: what was heard is told before it goes on.
    whenIdle: () => undefined,
  });

  const onWorld = (world: World): void => {
    goOn(world.clock.now());
    tap.flush();
    const now = [world.kernel.read({ routes: true }), world.ovs.database(), world.kernel.mutedLinks()] as const;
    if (now.some((part, at) => part !== seen[at])) {
      seen = now;
      const [kernel, ovs, muted] = now;
      tellHost(hostSections({ kernel, ovs, muted }));
    }
    watch ??= watchReachability(world);
    const reached = watch.look().length === 0;
    if (reached === isReached) return;
    isReached = reached;
    tell({ type: '@ovs-uplink.probe', target: GATEWAYS, ok: reached });
  };
  const onEntry = (entry: TimelineEntry): void => {
    tap.flush();
    goOn(entry.atMs);
    if (entry.type === 'effect') {
      const { op, text, failure } = entry;
      tell({ type: '@ovs-uplink.effect', sessionId: null, op, text, failure });
      const made = effects.next().value;
      if (made === undefined || failure !== null) return;
      recorded.change(made);
      tellHost(recorded.view());
      return;
    }
    if (entry.type === 'state' || entry.type === 'event' || entry.type === 'operation' || entry.type === 'observed')
      return;
    tell({ type: '@ovs-uplink.note', kind: entry.type, text: entry.text });
  };

  const title = `${scenario.title || scenario.name}`;
  const kind = scenario.kind === 'Recording' ? 'recording' : 'scenario';
  tell({ type: '@ovs-uplink.source', title, kind, isLive: false });
  const result = await replay(scenario, {
    ...(signal !== undefined && { signal }),
    onEntry,
    onWorld,
    onChild(child, atMs) {
      goOn(atMs);
      tap.flush();
      children.tell(child, String(nowMs));
    },
    inspect(event, atMs) {
      goOn(atMs);
      tap.inspect(event);
    },
  });
  tap.flush();
  return result;
}

/** Of a recording the changes that were made, one for each that the time line tells; undefined where an older version recorded it. */
function* effectsOf(scenario: Scenario): Generator<Effect | undefined, undefined> {
  if (scenario.kind !== 'Recording') return undefined;
  for (const entry of scenario.entries) {
    if ('effect' in entry) yield (entry.effect as { readonly of?: Effect }).of;
  }
  return undefined;
}
