import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { StateMachine } from 'xstate';
import { provide } from '../provide.ts';
import type { FlightRecorder } from './flight-recorder.ts';
import { hearTransitions } from './hear-transitions.ts';

/** The same machine, of which a recorder hears each event before it is worked off, and each state of the charts that it invokes. */
export function recordChart<M extends AnyStateMachine>(machine: M, flight: FlightRecorder): M {
  const charts = Object.entries(machine.implementations.actors ?? {}).flatMap(([name, logic]) =>
    logic instanceof StateMachine ? [[name, hearStates(logic, (to, on) => flight.child(name, logic.id, to, on))]] : [],
  );
  const heard = provide(machine, { actors: Object.fromEntries(charts) } as Parameters<M['provide']>[0]);
  return hearTransitions(heard, flight.event);
}

/** The same machine; `hear` is told of the state in which it begins, and of each other one. It must not throw. */
function hearStates<M extends AnyStateMachine>(
  machine: M,
  hear: (to: Pick<AnyMachineSnapshot, 'value' | 'status'>, on: string) => void,
): M {
  const made = Object.create(Object.getPrototypeOf(machine), Object.getOwnPropertyDescriptors(machine)) as M;
  const { transition, getInitialSnapshot } = machine;
  made.getInitialSnapshot = ((scope: never, input: never) => {
    const snapshot: AnyMachineSnapshot = getInitialSnapshot(scope, input);
    hear(snapshot, '');
    return snapshot;
  }) as M['getInitialSnapshot'];
  made.transition = ((before: AnyMachineSnapshot, event: AnyEventObject, scope: never) => {
    const snapshot: AnyMachineSnapshot = transition(before, event, scope);
    if (snapshot.value !== before.value || snapshot.status !== before.status) hear(snapshot, event.type);
    return snapshot;
  }) as M['transition'];
  return made;
}
