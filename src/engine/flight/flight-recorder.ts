import { release } from 'node:os';
import type { Effect } from '../../domain/effect.ts';
import type { Failure } from '../../errors.ts';
import { toFailure } from '../../errors.ts';
import type { Clock } from '../clock.ts';
import { bounded } from './bounded.ts';
import type { FlightSink } from './flight-file.ts';
import type { FlightEnd, RecordedChild } from './flight-line.ts';
import { CHART_RESTARTED, FLIGHT_VERSION } from './flight-line.ts';
import { programVersion } from './program-version.ts';

/** From this length on a part is written once, and referred to afterwards, in characters. */
const MIN_VALUE_LENGTH = 200;
/** How deep the parts of an event lie: those of an answer (`output.snapshot`), the rows among facts. */
const EVENT_DEPTH = 2;
/** Effects that can be told from what the kernel shows afterwards. */
const OF_KERNEL = /^(link\.(rename|set)|altname\.\w+|address\.\w+|route\.\w+|rule\.\w+|neighbour\.\w+|ingress\..+)$/;
/** Field of the answer of `assess` that its chart does not look at: mounts and files of the host, which nobody shall find here. */
const LEFT_OUT = 'facts';

/** Keeps what one run goes through, so that it can be played again. No member throws; after a failure nothing is kept any more. */
export interface FlightRecorder {
  /** First of all: which chart, and what it is started with. */
  begin(machine: string, input: object): void;
  /** The chart failed, and a fresh one goes on. */
  restart(input: object): void;
  /** An event that the chart is about to work off. */
  event(event: { readonly type: string }): void;
  state(path: string): void;
  /** A chart that it invokes is in a state, after an event of that type. */
  child(name: string, machine: string, to: Pick<RecordedChild, 'value' | 'status'>, on: string): void;
  effect(effect: Effect, text: string, failure: Failure | null): void;
  end(result: FlightEnd): void;
}

/** What a recorder is made of. */
export interface FlightRecorderOptions {
  readonly sink: FlightSink;
  readonly clock: Clock;
  /** Tells this run apart from others in the same file. */
  readonly key: string;
  /** Called at most once: from now on nothing is recorded. */
  readonly onTrouble: (reason: string) => void;
}

/** Makes a recorder; nothing is written before {@link FlightRecorder.begin}. */
export function createFlightRecorder({ sink, clock, key, onTrouble }: FlightRecorderOptions): FlightRecorder {
  const run = JSON.stringify(key);
  const known = new Map<string, number>();
  let startedAt = clock.now();
  let isOn = true;

  const sinceStart = (): string => (clock.now() - startedAt).toFixed(3);
  const line = (fields: string): void => {
    if (!isOn || sink.write(`{"run":${run},${fields}}`)) return;
    isOn = false;
    sink.writeLast(`{"run":${run},"ms":${sinceStart()},"full":true}`);
    sink.close();
    onTrouble('the flight file is full');
  };
  /** JSON of a value, in which long parts at that depth are references; lines of those that are new go to `parts`. */
  const pack = (value: unknown, depth: number, parts: string[]): string => {
    if (
      depth > 0 &&
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      !(value instanceof Error)
    ) {
      const fields = Object.entries(value).filter(([name, field]) => field !== undefined && name !== LEFT_OUT);
      return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${pack(field, depth - 1, parts)}`).join()}}`;
    }
    const plain = value instanceof Error ? toFailure(value) : value;
    const kept = bounded(plain);
    const json = JSON.stringify(kept) ?? 'null';
    if (json.length < MIN_VALUE_LENGTH) return json;
    let number = known.get(json);
    if (number === undefined) {
      number = known.size + 1;
      known.set(json, number);
      parts.push(`"value":${number},${kept === plain ? '' : '"cut":true,'}"is":${json}`);
    }
    return `{"$":${number}}`;
  };
  /** A recorder must never disturb what it records. */
  const safely = (write: () => void): void => {
    if (!isOn) return;
    try {
      write();
    } catch (error) {
      isOn = false;
      try {
        sink.close();
      } catch {
        // The first error says it.
      }
      onTrouble(error instanceof Error ? error.message : String(error));
    }
  };
  const event = (heard: { readonly type: string }): void =>
    safely(() => {
      // Its id is part of the type of an answer.
      const { actorId: _, ...fields } = heard as { readonly type: string; readonly actorId?: string };
      const parts: string[] = [];
      const packed = pack(fields, EVENT_DEPTH, parts);
      for (const part of parts) line(part);
      line(`"ms":${sinceStart()},"event":${packed}`);
    });

  return {
    begin(machine, input) {
      startedAt = clock.now();
      const head = {
        flight: FLIGHT_VERSION,
        program: programVersion(),
        kernel: release(),
        startedAt: new Date(clock.wallTime()).toISOString(),
        machine,
      };
      safely(() => {
        const parts: string[] = [];
        const packed = pack(input, 1, parts);
        // The head is the first line of its run, also before what it refers to.
        line(`${JSON.stringify(head).slice(1, -1)},"input":${packed}`);
        for (const part of parts) line(part);
      });
    },
    restart: input => event({ type: CHART_RESTARTED, input } as { readonly type: string }),
    event,
    state: path => safely(() => line(`"ms":${sinceStart()},"state":${JSON.stringify(path)}`)),
    child: (name, machine, { value, status }, on) =>
      safely(() => {
        const child: RecordedChild = { name, machine, value, status, on };
        line(`"ms":${sinceStart()},"child":${JSON.stringify(child)}`);
      }),
    effect: (effect, text, failure) =>
      safely(() => {
        const { op } = effect;
        const told = JSON.stringify(bounded({ op, text, ...(OF_KERNEL.test(op) && { of: effect }) }));
        line(`"ms":${sinceStart()},"effect":${told},"failure":${JSON.stringify(failure)}`);
      }),
    end: result =>
      safely(() => {
        line(`"ms":${sinceStart()},"end":${JSON.stringify(result)}`);
        sink.close();
        isOn = false;
      }),
  };
}
