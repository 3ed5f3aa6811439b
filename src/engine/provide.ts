import type { AnyStateMachine } from 'xstate';

/** Methods that the constructor binds to its own machine (xstate 5.33, StateMachine.ts). */
const BOUND = ['transition', 'getInitialSnapshot', 'getPersistedSnapshot', 'restoreSnapshot', 'start'] as const;

/**
 * As `machine.provide`, but the tree of state nodes is shared with the original: it is the same for every run, and to build it again takes over a
 * millisecond. XState takes implementations from the machine of the snapshot only, never from that of a state node.
 */
export function provide<M extends AnyStateMachine>(machine: M, implementations: Parameters<M['provide']>[0]): M {
  const made = Object.create(Object.getPrototypeOf(machine), Object.getOwnPropertyDescriptors(machine));
  const { actions, guards, actors, delays } = machine.implementations;
  made.implementations = {
    actions: { ...actions, ...implementations.actions },
    guards: { ...guards, ...implementations.guards },
    actors: { ...actors, ...implementations.actors },
    delays: { ...delays, ...implementations.delays },
  };
  for (const method of BOUND) made[method] = Object.getPrototypeOf(machine)[method].bind(made);
  return made;
}
