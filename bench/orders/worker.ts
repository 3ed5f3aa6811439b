// A process inside the host's namespace that carries out one way of one order: it says when it is ready, goes on `go`, reports, ends.
import { contestantNamed } from './catalogue.ts';
import type { Mark, OrderInput } from './order.ts';

/** First argument, as JSON. */
export interface WorkerInput {
  readonly contestant: string;
  readonly way: 'there' | 'back';
  readonly input: OrderInput;
}

/** What the worker says. */
export type WorkerReport =
  | { readonly event: 'ready' }
  | {
      readonly event: 'done';
      readonly durationMs: number;
      readonly startedAtMs: number;
      readonly marks: readonly Mark[];
      /** Peak of the resident memory, kB. */
      readonly maxRssKb: number;
    }
  | { readonly event: 'failed'; readonly message: string };

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { contestant, way, input } = JSON.parse(process.argv[2] ?? '') as WorkerInput;
  const { order } = contestantNamed(contestant);
  process.once('disconnect', () => process.exit(1));
  try {
    const prepare = way === 'there' ? order.prepareThere : order.prepareBack;
    if (prepare === null) throw new Error(`${contestant} has no way back`);
    await using leg = await prepare(input);
    const go = new Promise<void>(resolve => process.once('message', () => resolve()));
    await report({ event: 'ready' });
    await go;
    const marks: Mark[] = [];
    const startedAtMs = performance.timeOrigin + performance.now();
    const since = performance.now();
    await leg.go((text, atMs = performance.now() - since) => marks.push({ atMs, text }));
    const durationMs = performance.now() - since;
    await report({ event: 'done', durationMs, startedAtMs, marks, maxRssKb: process.resourceUsage().maxRSS });
  } catch (error) {
    await report({ event: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  process.disconnect();
}

function report(message: WorkerReport): Promise<void> {
  return new Promise(resolve => process.send?.(message, () => resolve()));
}
