import type { AnyStateMachine } from 'xstate';
import { altnameGuard } from '../../../machines/altname-guard.ts';
import { linkOwnership } from '../../../machines/link-ownership.ts';
import { ovsReadiness } from '../../../machines/ovs-readiness.ts';
import type { RecordedChild } from '../../scenario/scenario.ts';
import { definitionOf } from '../wire/definition.ts';
import type { ActorMessage, WireMessage } from '../wire/messages.ts';
import { WIRE_VERSION } from '../wire/messages.ts';

const CHARTS: ReadonlyMap<string, AnyStateMachine> = new Map(
  [ovsReadiness, altnameGuard, linkOwnership].map(machine => [machine.id, machine]),
);

/** Charts that a recorded one invokes. What stands in their place when it is played again never moves: the recording says how they did. */
export interface ChildCharts {
  /** Passes on what is told of the chart that is played, but of such a chart only what was recorded. */
  pass(message: WireMessage): void;
  /** The state of one, as it was recorded. */
  tell(child: RecordedChild, createdAt: string): void;
}

/** Publishes them under the ids of what stands in their place. */
export function createChildCharts(publish: (message: WireMessage) => void): ChildCharts {
  const actors = new Map<string, ActorMessage>();
  const shown = new Set<string>();
  return {
    pass(message) {
      if (message.type === '@xstate.actor' && message.parentId !== undefined) actors.set(message.name, message);
      if (message.type === '@xstate.snapshot' && shown.has(message.sessionId)) return;
      publish(message);
    },
    tell({ name, machine, value, status, on }, createdAt) {
      const actor = actors.get(name);
      const chart = CHARTS.get(machine);
      if (actor === undefined || chart === undefined) return;
      const { sessionId, rootId } = actor;
      const snapshot = { status, value };
      if (shown.has(sessionId)) {
        const event = { type: on };
        publish({
          type: '@xstate.snapshot',
          id: null,
          sessionId,
          rootId,
          event,
          snapshot,
          createdAt,
          _version: WIRE_VERSION,
        });
        return;
      }
      shown.add(sessionId);
      publish({ ...actor, definition: definitionOf(chart), snapshot, createdAt });
    },
  };
}
