import type { AnyStateMachine, AnyStateNode, InspectionEvent } from 'xstate';

/** What runs went through, over all charts; plain data, so that workers can send it. */
export interface CoverageReport {
  readonly states: readonly string[];
  readonly transitions: readonly string[];
  /** `uplink-migration isReady: true`. */
  readonly guards: readonly string[];
}

/** Collects what the charts of many runs do. */
export interface Coverage {
  /** For {@link Surroundings.inspect}. */
  readonly inspect: (event: InspectionEvent) => void;
  /** Notes from now on what the machine's guards answer. */
  watchGuards(machine: AnyStateMachine): void;
  report(): CoverageReport;
  add(report: CoverageReport): void;
}

/** The parts of xstate's transition definitions that name one. */
interface Transition {
  readonly source: { readonly id: string };
  readonly eventType: string;
  readonly guard?: unknown;
  readonly target?: readonly { readonly id: string }[] | undefined;
}

/** `uplink-migration.gating ABORT -> uplink-migration.refused`; with its guard where it has one. */
function keyOf({ source, eventType, guard, target }: Transition): string {
  const targets = target?.map(node => node.id).join(',') ?? '';
  return `${source.id} ${describeEvent(source.id, eventType)}${guardKey(guard)} -> ${targets}`;
}

/** Ids of invoked actors hold the state's path once more: `done.actor.0.uplink-migration.gating`. */
function describeEvent(sourceId: string, eventType: string): string {
  if (eventType === '') return 'always';
  return eventType
    .replace(/^xstate\./, '')
    .replace(`.${sourceId}`, '')
    .replace(/\.actor(\.\d+)?/, '')
    .replace(/^(done|error)\..*$/, '$1');
}

function guardKey(guard: unknown): string {
  if (guard === undefined) return '';
  if (typeof guard === 'string') return ` [${guard}]`;
  const { type, params } = guard as { readonly type?: string; readonly params?: object };
  return ` [${type ?? 'inline'}${params === undefined ? '' : ` ${Object.values(params).join(' ')}`}]`;
}

/** `uplink-migration isReady: true`. */
export function guardOutcome(machineId: string, guard: string, answer: boolean): string {
  return `${machineId} ${guard}: ${answer}`;
}

/** Makes an empty one. */
export function createCoverage(): Coverage {
  const states = new Set<string>();
  const transitions = new Set<string>();
  const guards = new Set<string>();
  const keys = new WeakMap<object, string>();
  return {
    inspect(event) {
      if (event.type !== '@xstate.microstep') return;
      for (const transition of (event as unknown as { readonly _transitions: readonly Transition[] })._transitions) {
        let key = keys.get(transition);
        if (key === undefined) {
          key = keyOf(transition);
          keys.set(transition, key);
        }
        transitions.add(key);
        // A state that is left at once is not seen in a snapshot.
        states.add(transition.source.id);
      }
      const { _nodes: nodes } = event.snapshot as unknown as { readonly _nodes?: readonly AnyStateNode[] };
      for (const node of nodes ?? []) states.add(node.id);
    },
    watchGuards(machine) {
      const implementations = machine.implementations.guards as Record<string, (...args: unknown[]) => unknown>;
      for (const [name, guard] of Object.entries(implementations)) {
        implementations[name] = (...args) => {
          const answer = guard(...args);
          guards.add(guardOutcome(machine.id, name, answer === true));
          return answer;
        };
      }
    },
    report: () => ({ states: [...states], transitions: [...transitions], guards: [...guards] }),
    add(report) {
      for (const state of report.states) states.add(state);
      for (const transition of report.transitions) transitions.add(transition);
      for (const guard of report.guards) guards.add(guard);
    },
  };
}

/** Everything that a chart could go through, in the words of {@link CoverageReport}. */
export function coverableOf(machine: AnyStateMachine): Omit<CoverageReport, 'guards'> {
  const states: string[] = [];
  const transitions = new Set<string>();
  const walk = (node: AnyStateNode): void => {
    if (node !== machine.root) states.push(node.id);
    const all = [...node.transitions.values(), node.always ?? []].flat() as unknown as readonly Transition[];
    for (const transition of all) transitions.add(keyOf(transition));
    for (const child of Object.values(node.states)) walk(child);
  };
  walk(machine.root);
  return { states, transitions: [...transitions] };
}
