import type { TimelineEntry } from '../result.ts';

/** What a reader of a time line tells apart at a glance. */
export type EntryWeight = 'heading' | 'state' | 'plain' | 'faint' | 'bad' | 'own';

/** One entry in words; the text is as foreign as what it quotes. */
export interface EntryText {
  /** One character that says what kind of entry it is; a space for states. */
  readonly mark: string;
  readonly text: string;
  readonly weight: EntryWeight;
}

/** An entry of a time line as one line, without its time. */
export function describeEntry(entry: TimelineEntry): EntryText {
  switch (entry.type) {
    case 'run':
      return { mark: '▶', text: entry.text, weight: 'heading' };
    case 'state':
      return { mark: ' ', text: entry.state, weight: 'state' };
    case 'event':
      return { mark: '←', text: entry.text, weight: 'plain' };
    case 'operation':
      return { mark: '·', text: entry.text, weight: 'faint' };
    case 'effect':
      return entry.failure === null
        ? { mark: '→', text: entry.text, weight: 'plain' }
        : { mark: '✗', text: `${entry.text}: ${entry.failure}`, weight: 'bad' };
    case 'observed':
      return { mark: '✓', text: entry.text, weight: 'faint' };
    case 'finding':
      return { mark: '!', text: entry.text, weight: 'faint' };
    case 'failure':
      return { mark: '✗', text: describeFailed(entry), weight: 'bad' };
    case 'happening':
      return { mark: '*', text: entry.text, weight: 'own' };
    case 'end':
      return { mark: '■', text: entry.text, weight: 'heading' };
  }
}

/** Everything but the operations, which are many: each read of the kernel and of OVSDB is one. */
export function isCompact(entry: TimelineEntry): boolean {
  return entry.type !== 'operation';
}

function describeFailed({ code, text }: Extract<TimelineEntry, { type: 'failure' }>): string {
  return text.includes(code) ? text : `${code} ${text}`.trimEnd();
}
