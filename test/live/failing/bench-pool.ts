import type { FaultBench } from './fault-bench.ts';

/** Benches that are used again by one case after another, several cases at a time. */
export interface BenchPool extends AsyncDisposable {
  /** Lends a bench. One whose case failed is taken down, so that the next case does not suffer from it. */
  use(work: (bench: FaultBench) => Promise<void>): Promise<void>;
}

/** Makes an empty pool; at most `size` benches stand at a time, each made when first needed. `once`: each case gets a new one. */
export function createBenchPool(
  size: number,
  make: () => Promise<FaultBench>,
  options: { readonly once?: boolean } = {},
): BenchPool {
  const idle: FaultBench[] = [];
  const waiting: (() => void)[] = [];
  let lent = 0;
  const enter = async (): Promise<void> => {
    while (lent >= size) await new Promise<void>(resolve => waiting.push(resolve));
    lent += 1;
  };
  return {
    async use(work) {
      await enter();
      let bench: FaultBench | undefined;
      try {
        bench = idle.pop() ?? (await make());
        await work(bench);
        if (options.once) await bench[Symbol.asyncDispose]();
        else idle.push(bench);
      } catch (error) {
        await bench?.[Symbol.asyncDispose]();
        throw error;
      } finally {
        lent -= 1;
        waiting.shift()?.();
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(idle.splice(0).map(bench => bench[Symbol.asyncDispose]()));
    },
  };
}
