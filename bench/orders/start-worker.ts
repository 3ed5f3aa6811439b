import { fileURLToPath } from 'node:url';
import type { Lab } from '../../test/lab/lab.ts';
import type { WorkerInput, WorkerReport } from './worker.ts';

/** How one way went. */
export type WayReport = WorkerReport & { readonly event: 'done' };

/** A worker that waits for its start. */
export interface Worker extends AsyncDisposable {
  /** Carries out its way; rejects with what went wrong. */
  go(): Promise<WayReport>;
}

const PROGRAM = fileURLToPath(new URL('./worker.ts', import.meta.url));
const DEADLINE_MS = 60_000;

/** Starts a worker in the host's namespace; resolves when everything that it needs is loaded and connected. */
export async function startWorker(lab: Lab, input: WorkerInput): Promise<Worker> {
  const argv = [process.execPath, PROGRAM, JSON.stringify(input)];
  const child = lab.spawn(lab.hostNs, argv, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const next = (): Promise<WorkerReport> =>
    new Promise((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`${input.contestant}, ${input.way}: ${what} ${stderr}`));
      const timer = setTimeout(fail, DEADLINE_MS, 'no end in time');
      child.once('message', message => {
        clearTimeout(timer);
        const report = message as WorkerReport;
        if (report.event === 'failed') fail(report.message);
        else resolve(report);
      });
      void ended.then(() => {
        clearTimeout(timer);
        fail('the process has ended');
      });
    });
  await next();
  return {
    async go() {
      const done = next();
      child.send('go');
      const report = await done;
      if (report.event !== 'done') throw new Error(`unexpected ${report.event}`);
      await ended;
      return report;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
