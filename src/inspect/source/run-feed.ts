import type { FlightHead, FlightLine } from '../../engine/flight/flight-line.ts';
import { CHART_RESTARTED, FLIGHT_VERSION } from '../../engine/flight/flight-line.ts';
import { describeFailure } from '../../errors.ts';
import { expandValues } from '../../scenario/recording/read-flight.ts';
import type { RecordedChart, RecordedMachine } from '../../scenario/recording/recorded-chart.ts';
import { isRecordedMachine, startRecordedChart } from '../../scenario/recording/recorded-chart.ts';
import { createTap } from '../tap.ts';
import type { WireMessage } from '../wire/messages.ts';
import { WIRE_VERSION } from '../wire/messages.ts';
import { createChildCharts } from './child-charts.ts';

/** Tells of one run what its flight recorder wrote, line by line, also while it is written. */
export interface RunFeed {
  take(line: FlightLine): void;
  /** The run has ended, or will never be heard of again. */
  readonly isOver: boolean;
  stop(): void;
}

/** A feed of the run that begins with `head`: the chart of today goes through what that of the run went through, a moment later. */
export function createRunFeed(
  head: FlightHead & { readonly machine: RecordedMachine },
  publish: (message: WireMessage) => void,
): RunFeed {
  const startedAt = Date.parse(head.startedAt);
  const values = new Map<number, unknown>();
  let nowMs = 0;
  let chart: RecordedChart | undefined;
  let isOver = false;

  const base = () => ({ createdAt: String(startedAt + nowMs), _version: WIRE_VERSION });
  const note = (kind: 'run' | 'failure' | 'end' | 'happening', text: string): void =>
    publish({ ...base(), type: '@ovs-uplink.note', kind, text });
  const children = createChildCharts(publish);
  const tap = createTap({
    publish: children.pass,
    clock: { wallTime: () => startedAt + nowMs },
    whenIdle: () => undefined,
  });
  const start = (input: unknown): void => {
    chart?.stop();
    chart = startRecordedChart(head.machine, input as Readonly<Record<string, unknown>>, tap.inspect);
    tap.flush();
  };
  const begin = (): void => {
    if (chart !== undefined) return;
    note('run', `a run of ovs-uplink ${head.program} on ${head.kernel}`);
    start(expandValues(head.input, values));
  };
  const end = (): void => {
    isOver = true;
    chart?.stop();
    tap.flush();
  };

  const takeEvent = (packed: unknown): void => {
    const event = expandValues(packed, values) as { readonly type: string; readonly input?: unknown };
    if (event.type === CHART_RESTARTED) start(event.input ?? {});
    else {
      const hearing = chart!.hearing(event);
      if (hearing.kind === 'unknown') note('happening', `${event.type}: ${hearing.why}`);
      else chart!.send(event);
      tap.flush();
    }
  };

  return {
    take(line) {
      if (isOver || 'flight' in line) return;
      if ('value' in line) {
        values.set(line.value, line.is);
        return;
      }
      nowMs = line.ms;
      // What the input refers to stands between the head and the first line that has a time.
      begin();
      if ('event' in line) takeEvent(line.event);
      else if ('child' in line) children.tell(line.child, base().createdAt);
      else if ('effect' in line) {
        const { op, text } = line.effect;
        const failure = line.failure === null ? null : describeFailure(line.failure);
        publish({ ...base(), type: '@ovs-uplink.effect', sessionId: null, op, text, failure });
      } else if ('end' in line) {
        note('end', `ended ${line.end}`);
        end();
      } else if ('full' in line) {
        note('happening', 'nothing more is recorded of this run: there is no room');
        end();
      }
    },
    get isOver() {
      return isOver;
    },
    stop: end,
  };
}

/** True for a head that this version can read. */
export function isKnownHead<H extends FlightHead>(head: H): head is H & { readonly machine: RecordedMachine } {
  return head.flight <= FLIGHT_VERSION && isRecordedMachine(head.machine);
}
