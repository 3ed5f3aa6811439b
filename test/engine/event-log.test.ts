import { describe, expect, it } from 'vitest';
import { createEventLog, type EventLog } from '../../src/engine/event-log.ts';
import type { RunEvent } from '../../src/engine/run.ts';

const event = (atMs: number): RunEvent => ({ type: 'observed', atMs, text: 'seen' });

async function timesOf(log: EventLog): Promise<number[]> {
  const times: number[] = [];
  for await (const { atMs } of log) times.push(atMs);
  return times;
}

describe('the log of a run', () => {
  it('gives every reader everything in order, whenever it comes', async () => {
    const log = createEventLog();
    const early = timesOf(log);
    log.push(event(1));
    await Promise.resolve();
    log.push(event(2));
    const midway = timesOf(log);
    log.push(event(3));
    log.close();
    const late = timesOf(log);
    expect(await early).toEqual([1, 2, 3]);
    expect(await midway).toEqual([1, 2, 3]);
    expect(await late).toEqual([1, 2, 3]);
    expect(log.dropped()).toBe(0);
  });

  it('keeps the last 10 000 and counts those that it drops', async () => {
    const log = createEventLog();
    for (let i = 0; i < 10_250; i += 1) log.push(event(i));
    log.close();
    const times = await timesOf(log);
    expect(times).toHaveLength(10_000);
    expect(times[0]).toBe(250);
    expect(times.at(-1)).toBe(10_249);
    expect(log.dropped()).toBe(250);
  });

  it('gives a reader that was overtaken what is left, once and in order', async () => {
    const log = createEventLog();
    for (let i = 0; i < 5; i += 1) log.push(event(i));
    const reader = log[Symbol.asyncIterator]();
    const seen: number[] = [];
    for (let i = 0; i < 3; i += 1) seen.push((await reader.next()).value.atMs);
    for (let i = 5; i < 10_020; i += 1) log.push(event(i));
    log.close();
    for (let next = await reader.next(); next.done !== true; next = await reader.next()) seen.push(next.value.atMs);
    expect(seen.slice(0, 3)).toEqual([0, 1, 2]);
    const rest = seen.slice(3);
    expect(rest[0]).toBe(20);
    expect(rest).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 20));
  });

  it('takes nothing after it was closed, and may be closed twice', async () => {
    const log = createEventLog();
    log.push(event(1));
    log.close();
    log.push(event(2));
    log.close();
    expect(await timesOf(log)).toEqual([1]);
  });
});
