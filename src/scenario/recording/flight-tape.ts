import type { FlightSink } from '../../engine/flight/flight-file.ts';
import { MAX_FLIGHT_BYTES } from '../../engine/flight/flight-file.ts';

/** What recorders of this process wrote, by uplink; kept in memory, whatever becomes of the files. */
export interface FlightTape {
  /** Passes lines on to the file, and keeps them; a file that fails does not stop the tape. */
  over(uplink: string, file: FlightSink): FlightSink;
  /** Uplinks in the order of their first line. */
  uplinks(): readonly string[];
  text(uplink: string): string;
}

/** Makes an empty one. Each uplink has the room of a flight file. */
export function createFlightTape(): FlightTape {
  const tapes = new Map<string, { readonly lines: string[]; length: number }>();
  return {
    over(uplink, file) {
      let isFileOn = true;
      const pass = (write: () => boolean): void => {
        if (!isFileOn) return;
        try {
          isFileOn = write();
        } catch {
          isFileOn = false;
        }
      };
      const keep = (line: string): void => {
        const tape = tapes.get(uplink) ?? { lines: [], length: 0 };
        tapes.set(uplink, tape);
        tape.lines.push(line);
        tape.length += line.length + 1;
      };
      return {
        write(line) {
          if ((tapes.get(uplink)?.length ?? 0) + line.length > MAX_FLIGHT_BYTES) return false;
          pass(() => file.write(line));
          keep(line);
          return true;
        },
        writeLast(line) {
          pass(() => {
            file.writeLast(line);
            return false;
          });
          keep(line);
        },
        close: () => file.close(),
      };
    },
    uplinks: () => [...tapes.keys()],
    text: uplink => tapes.get(uplink)?.lines.join('\n') ?? '',
  };
}
