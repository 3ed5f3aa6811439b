import { describe, expect, it } from 'vitest';
import { runMoveCase } from '../../../../src/verify/explore/moves/run-move-case.ts';
import { shippedHost } from '../shipped.ts';
import type { FoundCase } from './found-cases.ts';
import { FOUND } from './found-cases.ts';

describe('what exploration has found stays mended', () => {
  it.each<FoundCase>(Object.values(FOUND))('$was', async ({ planned, ends }) => {
    const result = await runMoveCase(await shippedHost(planned.host), planned);
    expect(result).toMatchObject({ ends, violations: [], unused: [] });
  });
});
