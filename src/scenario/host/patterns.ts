import { isText } from '../match.ts';
import type { Mismatch, TimelineEntry } from '../result.ts';
import type { Pattern } from '../scenario.ts';
import { isWithin } from './entered-states.ts';

/** What of a time line should not be there, and what of it should. */
export function checkPatterns(
  timeline: readonly TimelineEntry[],
  { never, eventually }: { readonly never: readonly Pattern[]; readonly eventually: readonly Pattern[] },
): readonly Mismatch[] {
  const mismatches: Mismatch[] = [];
  for (const pattern of never) {
    const at = findPattern(timeline, pattern);
    if (at < 0) continue;
    const got = describeEntry(timeline[at]);
    mismatches.push({ place: pattern.place, what: `never ${describePattern(pattern)}`, expected: 'never', got, at });
  }
  for (const pattern of eventually) {
    if (findPattern(timeline, pattern) >= 0) continue;
    const what = `eventually ${describePattern(pattern)}`;
    mismatches.push({ place: pattern.place, what, expected: 'in the time line', got: 'not there', at: null });
  }
  return mismatches;
}

/** Index of the first entry that is as the pattern says; -1 where there is none. */
export function findPattern(timeline: readonly TimelineEntry[], pattern: Pattern): number {
  let state = '';
  return timeline.findIndex(entry => {
    if (entry.type === 'state') state = entry.state;
    return isEntry(entry, pattern, state);
  });
}

/** A state on its own is entered; together with something else it is the state in which that happens. */
function isEntry(entry: TimelineEntry, { state, effect, failure, observed }: Pattern, present: string): boolean {
  if (state !== undefined && !isWithin(present, state)) return false;
  if (effect === undefined && failure === undefined && observed === undefined) return entry.type === 'state';
  switch (entry.type) {
    case 'effect':
      return effect !== undefined && (entry.op === effect || isText(effect, entry.text));
    case 'failure':
      return failure !== undefined && entry.code === failure;
    case 'observed':
      return observed !== undefined && isText(observed, entry.text);
    default:
      return false;
  }
}

function describePattern({ place: _place, ...said }: Pattern): string {
  return Object.entries(said)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

function describeEntry(entry: TimelineEntry | undefined): string {
  if (entry === undefined) return '';
  const said = entry.type === 'state' ? entry.state : entry.text;
  return `${said} at ${entry.atMs} ms`;
}
