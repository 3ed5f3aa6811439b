import { describe, expect, test } from 'vitest';
import { EXPECTED_EVENTS } from './moving/expected-events.ts';
import { EXPECTED_MOVES, EXPECTED_RETURNS, possible } from './moving/expected-moves.ts';
import { measureMoves } from './moving/measure-moves.ts';
import { measureReturns } from './moving/measure-returns.ts';
import { hearMoves } from './moving/move-events.ts';
import { canMakeNamespaces } from './netns-lab.ts';

const LIMIT_MS = 120_000;

describe.skipIf(!canMakeNamespaces)('a link moves into another namespace with one RTM_NEWLINK', () => {
  test(
    'what is in the way decides whether it is refused before the move, half way, or never',
    async () => {
      const measured = await measureMoves();
      expect(measured).toEqual(possible(EXPECTED_MOVES, measured));
    },
    LIMIT_MS,
  );

  test(
    'and back: it keeps what the driver has, and the index where it is free, and nothing else',
    async () => {
      expect(await measureReturns()).toEqual(EXPECTED_RETURNS);
    },
    LIMIT_MS,
  );

  test(
    'watchers, and udevd, never hear of the new name where it leaves, but of the old one where it comes, unless that is reserved there',
    async () => {
      expect(await hearMoves()).toEqual(EXPECTED_EVENTS);
    },
    LIMIT_MS,
  );
});
