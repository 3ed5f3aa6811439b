import { expect, it } from 'vitest';
import { statePath } from '../../../src/engine/migration/state-path.ts';

it.each([
  ['committed', 'committed'],
  [{ preparing: 'locking' }, 'preparing.locking'],
  [{ preparing: { standing: 'makingHostPort' } }, 'preparing.standing.makingHostPort'],
  [{ preparing: {} }, 'preparing'],
  [{}, ''],
  [null, ''],
  [undefined, ''],
  [7, ''],
])('the path of state value %j is "%s"', (value, path) => {
  expect(statePath(value)).toBe(path);
});
