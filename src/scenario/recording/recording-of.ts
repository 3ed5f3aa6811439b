import { MACHINES, type MachineName, type Recording } from '../scenario.ts';
import type { FlightRun } from './read-flight.ts';

/** A run of the flight recorder as a scenario that can be replayed; `file` is where it is going to be written. */
export function recordingOf(run: FlightRun, name: string, file: string): Recording {
  const { head, end, isFull, isCut, entries } = run;
  return {
    kind: 'Recording',
    name,
    title: titleOf(run),
    failures: [],
    upstream: [],
    guards: null,
    expected: null,
    place: { file, line: 1, column: 1 },
    machine: machineOf(head.machine),
    header: {
      program: head.program,
      kernel: head.kernel,
      recordedAt: head.startedAt,
      anonymized: false,
      end,
      ...(isFull ? { full: true } : {}),
      ...(isCut ? { cut: true } : {}),
    },
    input: head.input,
    entries,
  };
}

/** A chart of another version keeps its name here; replaying it says that there is no such chart. */
function machineOf(id: string): MachineName {
  return MACHINES.find(name => name === id) ?? (id as MachineName);
}

function titleOf({ uplink, head, end }: FlightRun): string {
  const entry = String(head.input['entry'] ?? '');
  const plain = head.machine === 'link-move' ? 'move' : 'migration';
  const what = entry === 'assessing' ? plain : `run that began at ${entry}`;
  return `A ${what} of ${uplink} that ${end === null ? 'did not come to its end' : `ended ${end}`}`;
}
