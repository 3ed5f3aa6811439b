import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { realClock } from '../../../src/engine/clock.ts';
import { findGuard, removeDuty, writeDuty } from '../../../src/engine/guard/sighting.ts';
import type { WrittenDuty } from './duty-writer.ts';

const UPLINK = 'eth0';
const TIMES = 2000;

describe('the sighting of a guard', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'ovs-uplink-sighting-'));
  afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

  it('is whole at every moment, also while the guard writes it anew', async () => {
    const written: WrittenDuty = { stateDir, uplink: UPLINK, times: TIMES };
    writeDuty(stateDir, { uplink: UPLINK, id: 'first', generation: 1 }, realClock.wallTime() + 60_000);
    const worker = new Worker(new URL('duty-writer.ts', import.meta.url), { workerData: written });
    let running = true;
    const ended = once(worker, 'exit').then(() => {
      running = false;
    });
    let seen = 0;
    while (running) {
      for (let turn = 0; turn < 50; turn += 1) {
        expect(findGuard(stateDir, UPLINK, realClock)).toMatchObject({ pid: process.pid });
        seen += 1;
      }
      await new Promise(resolve => setImmediate(resolve));
    }
    await ended;
    expect(seen).toBeGreaterThan(TIMES / 10);
    expect(findGuard(stateDir, UPLINK, realClock)?.id).toBe(`duty-${TIMES}`);

    removeDuty(stateDir, UPLINK);
    expect(readdirSync(stateDir)).toEqual([]);
  });
});
