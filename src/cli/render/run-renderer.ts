import type { RunEvent } from '../../engine/run.ts';
import { describeFailure } from '../../errors.ts';
import { formatDuration } from '../parse/duration.ts';
import { type Palette, visible } from '../terminal/palette.ts';
import { renderFinding } from './render-findings.ts';

/** Turns the events of one run into text; it keeps no time of its own and draws only when an event comes. */
export interface RunRenderer {
  /** The text to write for this event, line ends included. */
  render(event: RunEvent): string;
  /** The text that ends a line which is still open. */
  end(): string;
}

/** What a renderer says beyond the events. */
export interface RunRendererOptions {
  readonly palette: Palette;
  /** The running state is shown on a line of its own that is rewritten when the state ends. */
  readonly live: boolean;
  /** How to confirm, for the confirm window: `ovs-uplink confirm -i eth0`. */
  readonly confirmCommand: string;
}

const ERASE_LINE = '\r\x1b[K';
/** A running line must not wrap: it could not be erased. No terminal is narrower than this. */
const LIVE_WIDTH = 78;

/** Makes the renderer of one run. A finished state is a line with its time and duration; what it waited for and what failed stand above. */
export function createRunRenderer({ palette, live, confirmCommand }: RunRendererOptions): RunRenderer {
  let running: string | null = null;
  let open = false;
  let changes = 0;
  let failed = false;

  const erase = () => {
    if (!open) return '';
    open = false;
    return ERASE_LINE;
  };
  const redraw = () => {
    if (!live || running === null) return '';
    open = true;
    const text = visible(running);
    return palette.dim(`${' '.repeat(11)}${text.slice(0, LIVE_WIDTH - 13)} …`);
  };
  const at = (ms: number) => palette.dim(`+${ms.toFixed(1)}ms`.padStart(10));
  const lines = (...texts: readonly string[]) => `${erase()}${texts.map(text => `${text}\n`).join('')}${redraw()}`;

  const finished = (event: RunEvent & { type: 'state' }): string => {
    const previous = event.previous;
    running = event.state;
    const count = changes === 0 ? '' : `, ${changes} ${changes === 1 ? 'change' : 'changes'}`;
    const mark = failed ? palette.bad : plain;
    changes = 0;
    failed = false;
    if (previous === null) return erase() + redraw();
    return lines(`${at(event.atMs)} ${mark(visible(previous))} (${formatDuration(event.previousMs)}${count})`);
  };

  return {
    render(event) {
      switch (event.type) {
        case 'state':
          return finished(event);
        case 'finding':
          return lines(...renderFinding(event.finding, palette));
        case 'observed':
          return lines(`${at(event.atMs)}   ${palette.dim(visible(event.text))}`);
        case 'effect':
          if (event.failure === null) {
            changes += 1;
            return '';
          }
          failed = true;
          return lines(
            `${at(event.atMs)}   ${palette.bad(visible(`${event.text}: ${describeFailure(event.failure)}`))}`,
          );
        case 'failure':
          failed = true;
          return lines(`${at(event.atMs)}   ${palette.bad(visible(describeFailure(event.failure)))}`);
        case 'confirm-window': {
          const left = formatDuration(event.remainingMs);
          return lines(
            `${at(event.atMs)}   ${palette.warn(`rolls back in ${left} unless someone runs: ${visible(confirmCommand)}`)}`,
          );
        }
      }
    },
    end() {
      running = null;
      return erase();
    },
  };
}

function plain(text: string): string {
  return text;
}
