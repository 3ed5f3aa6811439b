import { describe, expect, it } from 'vitest';
import { createExclusive } from '../../src/engine/exclusive.ts';

describe('one hand at a time', () => {
  it('begins the next piece of work only when the one before has ended, in the order in which they were given', async () => {
    const exclusive = createExclusive();
    const log: string[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const first = exclusive(async () => {
      log.push('first begins');
      await gate;
      log.push('first ends');
      return 1;
    });
    const second = exclusive(async () => {
      log.push('second');
      return 2;
    });
    const third = exclusive(async () => {
      log.push('third');
      return 3;
    });
    await Promise.resolve();
    await Promise.resolve();
    expect(log).toEqual(['first begins']);
    open();
    expect(await Promise.all([first, second, third])).toEqual([1, 2, 3]);
    expect(log).toEqual(['first begins', 'first ends', 'second', 'third']);
  });

  it('a failure reaches its own caller and holds up nobody', async () => {
    const exclusive = createExclusive();
    const failing = exclusive(() => Promise.reject(new Error('no')));
    const next = exclusive(async () => 'done');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('done');
  });

  it('a piece of work that throws at once counts as failed, too', async () => {
    const exclusive = createExclusive();
    await expect(
      exclusive(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    expect(await exclusive(async () => 'done')).toBe('done');
  });
});
