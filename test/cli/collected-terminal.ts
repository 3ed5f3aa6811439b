import { createTerminal, type Terminal } from '../../src/cli/terminal/terminal.ts';
import type { TextSink } from '../../src/cli/terminal/text-sink.ts';

/** A terminal whose text can be read. */
export interface CollectedTerminal {
  readonly terminal: Terminal;
  readonly out: () => string;
  readonly err: () => string;
  /** Standard output as JSON, one object a line. */
  readonly objects: () => unknown[];
}

/** Makes a terminal that keeps its text; no colour, a pipe by default. */
export function collectTerminal(options: { readonly json?: boolean; readonly tty?: boolean } = {}): CollectedTerminal {
  const [out, err] = [collect(), collect()];
  const isTty = options.tty ?? false;
  const terminal = createTerminal({
    out: out.sink,
    err: err.sink,
    outIsTty: isTty,
    errIsTty: isTty,
    json: options.json ?? false,
    environment: {},
  });
  const objects = () =>
    out
      .text()
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as unknown);
  return { terminal, out: out.text, err: err.text, objects };
}

function collect(): { sink: TextSink; text: () => string } {
  let text = '';
  const sink: TextSink = {
    write: more => {
      text += more;
    },
    droppedBytes: 0,
    flush: async () => {},
  };
  return { sink, text: () => text };
}
