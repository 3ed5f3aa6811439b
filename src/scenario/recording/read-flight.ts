import { readdirSync, readFileSync } from 'node:fs';
import { flightPaths } from '../../engine/flight/flight-file.ts';
import type { FlightEnd, FlightHead, FlightLine } from '../../engine/flight/flight-line.ts';
import { FLIGHT_VERSION } from '../../engine/flight/flight-line.ts';
import { uplinkError } from '../../errors.ts';
import type { RecordedEntry } from '../scenario.ts';

const SUFFIX = '.flight';

/** One run as the flight recorder has it. */
export interface FlightRun {
  readonly uplink: string;
  readonly head: FlightHead;
  readonly entries: readonly RecordedEntry[];
  /** Null for a run that did not come to its end: its process died, or is still at it. */
  readonly end: FlightEnd | null;
  /** The end is missing for want of room. */
  readonly isFull: boolean;
  /** Long lists are without their ends. */
  readonly isCut: boolean;
}

/** Uplinks of which the state folder has runs. Rejects with `USAGE` where it cannot be read. */
export function recordedUplinks(stateDir: string): readonly string[] {
  try {
    return readdirSync(stateDir)
      .filter(name => name.endsWith(SUFFIX))
      .map(name => name.slice(0, -SUFFIX.length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(stateDir, error);
  }
}

/** The runs of an uplink that are still on file, in the order of their starts. Throws `USAGE` where a file cannot be read. */
export function readFlight(stateDir: string, uplink: string): readonly FlightRun[] {
  return parseFlight(flightPaths(stateDir, uplink).map(readText).join('\n'), uplink);
}

/** Reads the lines of one or more runs; what belongs to a run without a head, and lines that were torn, is passed over. */
export function parseFlight(text: string, uplink: string): readonly FlightRun[] {
  const runs = new Map<string, FlightLine[]>();
  for (const json of text.split('\n')) {
    const line = parseFlightLine(json);
    if (line === undefined) continue;
    if ('flight' in line) runs.set(line.run, [line]);
    else runs.get(line.run)?.push(line);
  }
  return [...runs.values()].map(lines => assemble(lines, uplink));
}

function assemble(lines: readonly FlightLine[], uplink: string): FlightRun {
  const values = new Map<number, unknown>();
  const entries: RecordedEntry[] = [];
  let head: FlightHead | undefined;
  let end: FlightEnd | null = null;
  let isFull = false;
  let isCut = false;
  for (const line of lines) {
    if ('value' in line) {
      values.set(line.value, line.is);
      isCut ||= line.cut === true;
    }
  }
  const whole = <T>(packed: T): T => expandValues(packed, values) as T;
  for (const line of lines) {
    if ('flight' in line) {
      const { run: _, ...rest } = line;
      head = whole(rest);
    } else if ('event' in line) entries.push({ atMs: line.ms, event: whole(line.event) });
    else if ('state' in line) entries.push({ atMs: line.ms, state: line.state });
    else if ('effect' in line) entries.push({ atMs: line.ms, effect: line.effect, failure: line.failure });
    else if ('child' in line) entries.push({ atMs: line.ms, child: line.child });
    else if ('end' in line) end = line.end;
    else if ('full' in line) isFull = true;
  }
  if (head === undefined) throw uplinkError('DEFECT', { what: 'a run without its head' });
  if (head.flight > FLIGHT_VERSION) {
    throw uplinkError('USAGE', {
      what: 'recorded by a later version of ovs-uplink',
      object: uplink,
      expected: `format ${FLIGHT_VERSION} at most`,
      got: `format ${head.flight}, by version ${head.program}`,
      advice: 'use the version that recorded it, or a later one',
    });
  }
  return { uplink, head, entries, end, isFull, isCut };
}

/** Puts the values in the place of what refers to them. */
export function expandValues(packed: unknown, values: ReadonlyMap<number, unknown>): unknown {
  if (typeof packed !== 'object' || packed === null) return packed;
  if (Array.isArray(packed)) return packed.map(element => expandValues(element, values));
  const fields = Object.entries(packed);
  const [first] = fields;
  if (fields.length === 1 && first?.[0] === '$' && typeof first[1] === 'number') return values.get(first[1]) ?? null;
  return Object.fromEntries(fields.map(([name, field]) => [name, expandValues(field, values)]));
}

/** One line of a flight file; undefined for one that was torn. */
export function parseFlightLine(json: string): FlightLine | undefined {
  if (json === '') return undefined;
  try {
    const line: unknown = JSON.parse(json);
    return typeof line === 'object' && line !== null && 'run' in line ? (line as FlightLine) : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw unreadable(path, error);
  }
}

function unreadable(object: string, error: unknown): Error {
  return uplinkError('USAGE', {
    what: 'cannot read what was recorded',
    object,
    got: (error as Error).message,
    advice: 'it is for the user that ovs-uplink runs as',
  });
}
