import type { Neighbour } from '../../../domain/neighbour.ts';
import {
  NUD_DELAY,
  NUD_FAILED,
  NUD_INCOMPLETE,
  NUD_NOARP,
  NUD_PERMANENT,
  NUD_PROBE,
  NUD_REACHABLE,
  NUD_STALE,
} from '../../../domain/neighbour.ts';
import { familyOf, NotationError, wordsOf } from './ip-words.ts';

/** An entry before its link has an index. */
export type DescribedNeighbour = Omit<Neighbour, 'linkIndex'>;

const STATES: Readonly<Record<string, number>> = {
  incomplete: NUD_INCOMPLETE,
  reachable: NUD_REACHABLE,
  stale: NUD_STALE,
  delay: NUD_DELAY,
  probe: NUD_PROBE,
  failed: NUD_FAILED,
  noarp: NUD_NOARP,
  permanent: NUD_PERMANENT,
};
/** NTF_ROUTER */
const NTF_ROUTER = 0x80;

/** Reads `10.9.0.50 lladdr 02:00:00:00:00:50 nud permanent`; permanent where no state is said. */
export function parseNeighbour(line: string): DescribedNeighbour {
  const words = wordsOf(line);
  const address = words.ip('the neighbour');
  const entry = { mac: null as string | null, state: NUD_PERMANENT, flags: 0 };
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    words.take('a word');
    if (word === 'lladdr') {
      entry.mac = words.take('the MAC').toLowerCase();
      if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(entry.mac)) throw new NotationError(`"${entry.mac}" is no MAC`);
    } else if (word === 'nud') {
      const state = STATES[words.take('the state')];
      if (state === undefined) throw new NotationError(`the state must be one of ${Object.keys(STATES).join(', ')}`);
      entry.state = state;
    } else if (word === 'router') {
      entry.flags |= NTF_ROUTER;
    } else {
      throw new NotationError(`"${word}" is not known of a neighbour`);
    }
  }
  return { family: familyOf(address) ?? 4, address, ...entry, protocol: null };
}
