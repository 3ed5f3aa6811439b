import { isText } from '../match.ts';
import type { TimelineEntry } from '../result.ts';
import type { Pattern } from '../scenario.ts';
import { isIn } from './bench.ts';

/**
 * Whether an entry of the time line of a chart is what a pattern names: a state that was entered (also one that was left at once), a failure that the
 * chart took down, an actor that was invoked (`effect`), or something that was heard (`observed`): an event, an answer, a deadline, a state of a
 * chart below.
 */
export function isMeant({ state, failure, effect, observed }: Pattern, entry: TimelineEntry): boolean {
  switch (entry.type) {
    case 'state':
      return state !== undefined && isIn(entry.state, state);
    case 'failure':
      return failure !== undefined && entry.code === failure;
    case 'operation':
      return effect !== undefined && (isText(effect, entry.text) || effect === entry.text.split(' ')[0]);
    case 'event':
    case 'happening':
    case 'observed':
      return observed !== undefined && isText(observed, entry.text);
    default:
      return false;
  }
}

/** The pattern as a message names it: `state stranded`. */
export function describePattern({ place: _place, ...named }: Pattern): string {
  return Object.entries(named)
    .map(([kind, value]) => `${kind} ${value}`)
    .join(', ');
}
