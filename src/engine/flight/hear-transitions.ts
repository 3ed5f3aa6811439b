import type { AnyEventObject, AnyStateMachine } from 'xstate';

const STOP = 'xstate.stop';

/**
 * The same machine; `hear` is told of each event right before an actor of it works it off. Unlike an inspector it costs nothing else, and hears
 * events in the order in which they are worked off rather than sent. It must not throw.
 */
export function hearTransitions<M extends AnyStateMachine>(machine: M, hear: (event: AnyEventObject) => void): M {
  const made = Object.create(Object.getPrototypeOf(machine), Object.getOwnPropertyDescriptors(machine)) as M;
  const transition: M['transition'] = machine.transition;
  made.transition = (snapshot, event, scope) => {
    if (event.type !== STOP) hear(event);
    return transition(snapshot, event, scope);
  };
  return made;
}
