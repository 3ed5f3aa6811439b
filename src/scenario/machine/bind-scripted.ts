import type { AnyStateMachine } from 'xstate';
import { fromPromise } from 'xstate';
import type { AltnameGuardInput } from '../../../machines/altname-guard.ts';
import type { MoveInput } from '../../../machines/link-move-types.ts';
import type { LinkOwnershipInput } from '../../../machines/link-ownership.ts';
import type { OvsReadinessInput } from '../../../machines/ovs-readiness.ts';
import type { MigrationInput } from '../../../machines/uplink-migration-types.ts';
import { bindAltnameGuard } from '../../engine/altname.ts';
import type { Clock } from '../../engine/clock.ts';
import { createExclusive } from '../../engine/exclusive.ts';
import { bindMigration } from '../../engine/migration/bind.ts';
import { createSession } from '../../engine/migration/session.ts';
import { bindMove } from '../../engine/move/bind.ts';
import { createMoveSession } from '../../engine/move/session.ts';
import { bindLinkOwnership } from '../../engine/ownership.ts';
import { provide } from '../../engine/provide.ts';
import { bindReadiness } from '../../engine/readiness.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../engine/simulated-surroundings.ts';
import type { Host } from '../../host/host.ts';
import { spawnProcess } from '../../host/simulated/simulated-process.ts';
import { isChart } from './vocabulary.ts';

/** A chart by its name, with what it is started with. */
export type ChartStart =
  | { readonly machine: 'uplink-migration'; readonly input: MigrationInput }
  | { readonly machine: 'ovs-readiness'; readonly input: OvsReadinessInput }
  | { readonly machine: 'link-ownership'; readonly input: LinkOwnershipInput }
  | { readonly machine: 'altname-guard'; readonly input: AltnameGuardInput }
  | { readonly machine: 'link-move'; readonly input: MoveInput };

/** Answers an invoked actor, by its name in its chart; the signal aborts when the chart no longer wants the answer. */
export type Ask = (actor: string, input: unknown, signal: AbortSignal) => Promise<unknown>;

/** Nobody asks it: every actor that would is replaced. */
const unaskedHost = new Proxy<Host>({} as Host, {
  get(_, property) {
    throw new Error(`a chart with scripted actors asked the host for ${String(property)}`);
  },
});

const ignore = (): undefined => undefined;

/**
 * A chart with the engine's own guards, actions and delays, but every actor that it or a chart below it invokes is answered by `ask`. Charts below are
 * the real ones. `clock` is what delays are worked out with; hand the same one to the chart's actor.
 */
export function bindScripted(start: ChartStart, clock: Clock, ask: Ask): AnyStateMachine {
  return withScriptedActors(bindAsEngine(start, clock), ask);
}

function bindAsEngine(start: ChartStart, clock: Clock): AnyStateMachine {
  if (start.machine === 'altname-guard') return bindAltnameGuard(unaskedHost, ignore);
  if (start.machine === 'link-ownership') {
    return bindLinkOwnership(unaskedHost, createExclusive(), async () => [], ignore);
  }
  if (start.machine === 'ovs-readiness') {
    return bindReadiness(unaskedHost, () => ({ bridge: start.input.bridge, hostPort: null, uplink: null }));
  }
  const process = spawnProcess({ clock, oracle: ignore, slowMs: 0 });
  const surroundings = createSimulatedSurroundings(process, createSimulatedFolder(), () => 'scripted');
  if (start.machine === 'link-move') {
    const session = createMoveSession(unaskedHost, surroundings, surroundings.newId());
    return bindMove(session, start.input.request, { onEffect: ignore });
  }
  const reports = {
    onEffect: ignore,
    onFinding: ignore,
    onLockLost: ignore,
    onGuardLost: ignore,
    onConfirmWindow: ignore,
    onLocked: () => Promise.resolve(),
  };
  const session = createSession(unaskedHost, surroundings, surroundings.newId());
  return bindMigration(session, start.input.request, null, reports);
}

function withScriptedActors(chart: AnyStateMachine, ask: Ask): AnyStateMachine {
  const actors = Object.entries(chart.implementations.actors).map(([name, logic]) => [
    name,
    isChart(logic)
      ? withScriptedActors(logic, ask)
      : fromPromise(({ input, signal }: { readonly input: unknown; readonly signal: AbortSignal }) =>
          ask(name, input, signal),
        ),
  ]);
  return provide(chart, { actors: Object.fromEntries(actors) });
}
