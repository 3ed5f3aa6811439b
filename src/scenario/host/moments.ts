import type { Clock } from '../../engine/clock.ts';
import type { Operation, ParticularFault } from '../../host/simulated/simulated-process.ts';
import type { Fault, Happening } from '../scenario.ts';
import { enteredStates } from './entered-states.ts';
import { toProcessFault } from './faults.ts';

/** Something that others do, and the operation that it comes right before; empty where it comes at another moment. */
export type ActorHappening = Extract<Happening, { actor: unknown }>;
type FaultHappening = Extract<Happening, { fault: unknown }>;

/** When what of a scenario happens. */
export interface Moments {
  /** Sets the timers of what happens at a time; the scenario begins now. */
  begin(): void;
  /** What goes wrong with the operation that is about to be made; actors that wait for it act first. */
  beforeOperation(operation: Operation): ParticularFault | undefined;
  onState(state: string, previous: string | null): void;
  /** What has not come, with why where that is known. */
  missed(): readonly { readonly happening: Happening; readonly why: string | null }[];
  /** When the last of what is on its way comes. */
  lastDueMs(): number;
}

/** What is told of them. */
export interface MomentsOptions {
  readonly happens: readonly Happening[];
  readonly clock: Clock;
  readonly act: (happening: ActorHappening, operation: string) => void;
  readonly onFault: (fault: Fault, operation: string, nth: number) => void;
}

/** Counts operations and states over all runs of a scenario. */
export function createMoments({ happens, clock, act, onFault }: MomentsOptions): Moments {
  const operations = new Map<string, number>();
  const states = new Map<string, number>();
  const waiting = new Set<Happening>(happens);
  const impossible = new Map<Happening, string>();
  const actors = happens.filter(happening => 'actor' in happening);
  const faults = happens.filter(happening => 'fault' in happening);
  let lastDueMs = 0;

  const nextOf = (counts: Map<string, number>, key: string): number => {
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return nth;
  };
  const actAfter = (happening: ActorHappening, delayMs: number, operation: string): void => {
    const strike = (): void => {
      waiting.delete(happening);
      act(happening, delayMs === 0 ? operation : '');
    };
    if (delayMs === 0) {
      strike();
      return;
    }
    lastDueMs = Math.max(lastDueMs, clock.now() + delayMs);
    clock.setTimeout(strike, delayMs);
  };
  const strikes = ({ when, fault }: FaultHappening, name: string, nth: number): boolean => {
    if (!('operation' in when) || when.operation !== name || when.afterMs > 0) return false;
    const times = fault.kind === 'refuse' ? fault.times : 1;
    return nth >= when.nth && nth < when.nth + times;
  };

  return {
    begin() {
      for (const happening of actors) {
        if ('atMs' in happening.when) actAfter(happening, happening.when.atMs, '');
      }
    },
    beforeOperation(operation) {
      const { name } = operation;
      const nth = nextOf(operations, name);
      for (const happening of actors) {
        const { when } = happening;
        if ('operation' in when && when.operation === name && when.nth === nth) actAfter(happening, when.afterMs, name);
      }
      const happening = faults.find(one => strikes(one, name, nth));
      if (happening === undefined) return undefined;
      const fault = toProcessFault(happening.fault, operation);
      if ('impossible' in fault) {
        impossible.set(happening, fault.impossible);
        return undefined;
      }
      waiting.delete(happening);
      onFault(happening.fault, name, nth);
      return fault;
    },
    onState(state, previous) {
      for (const entered of enteredStates(state, previous)) {
        const nth = nextOf(states, entered);
        for (const happening of actors) {
          const { when } = happening;
          if ('state' in when && when.state === entered && when.nth === nth) actAfter(happening, when.afterMs, '');
        }
      }
    },
    missed: () => [...waiting].map(happening => ({ happening, why: impossible.get(happening) ?? whyNever(happening) })),
    lastDueMs: () => lastDueMs,
  };
}

function whyNever(happening: Happening): string | null {
  if (!('fault' in happening)) return null;
  if (!('operation' in happening.when)) return 'a fault needs the operation that fails';
  return happening.when.afterMs > 0 ? 'a fault has no `after`: it is at the operation itself' : null;
}
