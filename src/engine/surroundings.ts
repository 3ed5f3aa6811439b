import { randomUUID } from 'node:crypto';
import type { InspectionEvent } from 'xstate';
import type { Clock } from './clock.ts';
import { realClock } from './clock.ts';
import type { Control, ControlCommand, ControlHandlers } from './control.ts';
import { createControl, sendControl } from './control.ts';
import { openFlightFile } from './flight/flight-file.ts';
import type { FlightRecorder } from './flight/flight-recorder.ts';
import { createFlightRecorder } from './flight/flight-recorder.ts';
import type { Guards } from './guard/guards.ts';
import { noGuards } from './guard/guards.ts';
import type { JournalStore } from './journal/store.ts';
import { createJournalStore } from './journal/store.ts';
import type { MoveStore } from './move/record.ts';
import { createMoveStore } from './move/record.ts';
import type { Priority } from './priority.ts';
import { createPriority } from './priority.ts';
import type { StateLock } from './state-lock.ts';
import { awaitStateLock, findLockHolder, takeStateLock } from './state-lock.ts';

/** What the engine needs beside the host: time, ids, the state folder and its process. Exploration has all of it in memory. */
export interface Surroundings {
  readonly clock: Clock;
  readonly store: JournalStore;
  /** Journals of moves of links. */
  readonly moves: MoveStore;
  newId(): string;
  /** The one lock of the state folder, as {@link takeStateLock}. */
  takeLock(): StateLock;
  /** The same, but waits for it, as {@link awaitStateLock}. */
  awaitLock(limitMs: number): Promise<StateLock>;
  /** Who holds it; null when it is free. */
  findLockHolder(): string | null;
  /** What `confirm` and `abort` from another process reach. */
  createControl(uplink: string, handlers: ControlHandlers): Control;
  sendControl(uplink: string, command: ControlCommand): Promise<string>;
  createPriority(): Priority;
  /** Keeps what a run goes through; null where nobody wants to know. `onTrouble` is called once, when it can keep no more. */
  createFlightRecorder(uplink: string, onTrouble: (reason: string) => void): FlightRecorder | null;
  /** The processes that put the host back when this one dies or hangs. */
  readonly guards: Guards;
  /** Sees what every chart does, also microsteps; absent in production. It must not throw. */
  readonly inspect?: (event: InspectionEvent) => void;
}

/** The real ones, over a state folder; nothing is touched before the first use. */
export function createSurroundings(stateDir: string, guards: Guards = noGuards): Surroundings {
  const store = createJournalStore(stateDir);
  return {
    clock: realClock,
    store,
    moves: createMoveStore(stateDir),
    newId: randomUUID,
    takeLock: () => takeStateLock(stateDir),
    awaitLock: limitMs => awaitStateLock(stateDir, realClock, limitMs),
    findLockHolder: () => findLockHolder(stateDir),
    createControl: (uplink, handlers) => createControl(stateDir, uplink, handlers),
    sendControl: (uplink, command) => sendControl(stateDir, uplink, command),
    createPriority,
    createFlightRecorder: (uplink, onTrouble) =>
      createFlightRecorder({
        sink: openFlightFile(stateDir, uplink),
        clock: realClock,
        key: randomUUID().slice(0, 8),
        onTrouble,
      }),
    guards,
  };
}
