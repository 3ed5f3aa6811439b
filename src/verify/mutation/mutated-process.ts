import type { MutatedOutcome, MutatedTask } from './run-mutated.ts';

type Call = Pick<MutatedTask, 'module' | 'call' | 'argument'>;

// The other end of `runMutated`. By now the fault is in force.
process.once('message', message => {
  void carryOut(message as Call).then(outcome => process.send?.(outcome, () => process.disconnect()));
});

async function carryOut({ module, call, argument }: Call): Promise<MutatedOutcome> {
  try {
    const imported = (await import(module)) as Readonly<Record<string, (argument: unknown) => unknown>>;
    const work = imported[call];
    if (work === undefined) throw new Error(`${module} has no ${call}`);
    return { kind: 'returned', value: await work(argument) };
  } catch (error) {
    return { kind: 'threw', text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
