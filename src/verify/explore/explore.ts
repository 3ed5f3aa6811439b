import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { loadHost } from '../../host/simulated/description/load-host.ts';
import { programUrl } from '../../program-url.ts';
import type { AnyCase } from './any-case.ts';
import type { CoverageReport } from './coverage.ts';
import { createCoverage } from './coverage.ts';
import { DIRECTED_CASES } from './directed-cases.ts';
import type { Ground } from './enumerate.ts';
import { countSingles, undisturbedCases } from './enumerate.ts';
import type { CaseViolation } from './judge.ts';
import { DIRECTED_MOVES } from './moves/directed-moves.ts';
import { undisturbedMoves } from './moves/undisturbed-moves.ts';
import type { ChunkResult, WorkerAnswer, WorkerInput, WorkerRequest } from './worker.ts';

/** What to explore. */
export interface ExploreOptions {
  readonly seed: number;
  /** Number of cases; null goes through every single fault and incident once. */
  readonly budget: number | null;
  /** Worker threads. */
  readonly jobs: number;
  /** Host descriptions: name to YAML text. */
  readonly hosts: readonly { readonly file: string; readonly text: string }[];
  readonly onProgress?: (progress: ExploreProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ExploreProgress {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

/** A case that broke an invariant, as small as it could be made. */
export interface Finding {
  readonly case: AnyCase;
  readonly violations: readonly CaseViolation[];
  /** As it was found, before it was made smaller. */
  readonly found: AnyCase;
  /** What the file that shows it again says. */
  readonly yaml: string;
}

/** What exploration showed. */
export interface ExploreReport {
  readonly seed: number;
  readonly cases: number;
  /** Runs of the engine in them: a case may restore what it migrated, and recover what died. */
  readonly runs: number;
  /** By what was in them: one fault, one incident, two or three at once. */
  readonly counts: Readonly<Record<'undisturbed' | 'fault' | 'incident' | 'kill' | 'combined', number>>;
  /** How often each end was reached: `committed`, `rolledBack`, `refused`, `stranded`, `killed`. */
  readonly ends: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** Cases that broke an invariant, findings or not: only so many are made smaller. */
  readonly failed: number;
  readonly coverage: CoverageReport;
  /** SHA-256 over the traces of all cases in their order: the same for the same seed, whatever the number of jobs. */
  readonly trace: string;
  readonly virtualMs: number;
}

/** Memory of each worker for objects that live short, in MB: more than V8 gives by itself, and little enough for the processor's cache. */
const YOUNG_MB = 48;
/** Cases that a worker gets at a time. */
const CHUNK = 40;
/** Findings that are made smaller over all. */
const MAX_FINDINGS = 20;

interface Hand {
  readonly worker: Worker;
  ask(request: WorkerRequest): Promise<WorkerAnswer>;
}

/** Explores; rejects only for a defect. Stops early, with what it has, when the signal aborts. */
export async function explore(options: ExploreOptions): Promise<ExploreReport> {
  const { seed, jobs, hosts, signal } = options;
  const started = Array.from({ length: Math.max(1, jobs) }, () => startWorker({ seed, hosts }));
  try {
    return await exploreWith(started, options, signal);
  } finally {
    await Promise.all(started.map(({ worker }) => worker.terminate()));
  }
}

async function exploreWith(
  hands: readonly Hand[],
  { seed, budget, hosts, onProgress }: ExploreOptions,
  signal: AbortSignal | undefined,
): Promise<ExploreReport> {
  const described = hosts.map(({ file, text }) => loadHost(text, file));
  const undisturbed: readonly AnyCase[] = [...described.flatMap(undisturbedCases), ...undisturbedMoves(described)];
  const names = new Set(described.map(({ name }) => name));
  const directed = [...DIRECTED_CASES, ...DIRECTED_MOVES].filter(({ host }) => names.has(host));
  const first = [...undisturbed, ...directed];
  const grounds: Ground[] = [];
  const chunks = new Map<number, ChunkResult>();
  const totals = { done: 0, failed: 0, findings: 0 };
  let total = first.length;
  const count = (order: number, chunk: ChunkResult): void => {
    chunks.set(order, chunk);
    totals.done += chunk.cases;
    totals.failed += chunk.failed;
    totals.findings += chunk.findings.length;
    onProgress?.({ done: totals.done, total, failed: totals.failed });
  };

  await share(hands, first.length, signal, async (hand, index) => {
    const planned = first[index];
    if (planned === undefined) return;
    const answer = await hand.ask({ type: 'first', index, case: planned });
    if (answer.type !== 'ground') return;
    if (index < undisturbed.length) grounds[index] = answer.ground;
    count(index - first.length, answer.chunk);
  });
  for (const { worker } of hands) worker.postMessage({ type: 'grounds', grounds } satisfies WorkerRequest);

  const singles = grounds.reduce((sum, ground) => sum + countSingles(ground), 0);
  const cases = budget === null ? singles : Math.max(0, budget - first.length);
  total += cases;
  await share(hands, Math.ceil(cases / CHUNK), signal, async (hand, index) => {
    const from = index * CHUNK;
    const request: WorkerRequest = {
      type: 'chunk',
      from,
      to: Math.min(from + CHUNK, cases),
      isExhaustive: budget === null,
      shrink: totals.findings < MAX_FINDINGS,
    };
    const answer = await hand.ask(request);
    if (answer.type === 'chunk') count(index, answer.chunk);
  });

  const coverage = createCoverage();
  for (const hand of hands) {
    const answer = await hand.ask({ type: 'coverage' });
    if (answer.type === 'coverage') coverage.add(answer.coverage);
  }
  return report(
    seed,
    [...chunks].sort(([a], [b]) => a - b).map(([, chunk]) => chunk),
    coverage.report(),
  );
}

function report(seed: number, chunks: readonly ChunkResult[], coverage: CoverageReport): ExploreReport {
  const counts = { undisturbed: 0, fault: 0, incident: 0, kill: 0, combined: 0 };
  const ends: Record<string, number> = {};
  const hash = createHash('sha256');
  for (const chunk of chunks) {
    for (const kind of Object.keys(counts) as (keyof typeof counts)[]) counts[kind] += chunk.counts[kind];
    for (const [end, times] of Object.entries(chunk.ends)) ends[end] = (ends[end] ?? 0) + times;
    hash.update(chunk.trace);
  }
  return {
    seed,
    cases: chunks.reduce((sum, chunk) => sum + chunk.cases, 0),
    runs: chunks.reduce((sum, chunk) => sum + chunk.runs, 0),
    counts,
    ends,
    findings: chunks.flatMap(chunk => chunk.findings).slice(0, MAX_FINDINGS),
    failed: chunks.reduce((sum, chunk) => sum + chunk.failed, 0),
    coverage,
    trace: hash.digest('hex'),
    virtualMs: chunks.reduce((sum, chunk) => sum + chunk.virtualMs, 0),
  };
}

/** Each hand takes the next piece of work as soon as it is free. */
async function share(
  hands: readonly Hand[],
  pieces: number,
  signal: AbortSignal | undefined,
  work: (hand: Hand, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    hands.map(async hand => {
      while (next < pieces && signal?.aborted !== true) {
        const index = next;
        next += 1;
        await work(hand, index);
      }
    }),
  );
}

function startWorker(input: WorkerInput): Hand {
  const worker = new Worker(programUrl(new URL('./worker.ts', import.meta.url)), {
    workerData: input,
    // A run leaves much behind that is young: the collector then has to look at it less often.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  let waiting: PromiseWithResolvers<WorkerAnswer> | undefined;
  let fault: Error | undefined;
  worker.on('message', (answer: WorkerAnswer) => waiting?.resolve(answer));
  worker.on('error', error => {
    fault = error as Error;
    waiting?.reject(error);
  });
  return {
    worker,
    ask(request) {
      waiting = Promise.withResolvers<WorkerAnswer>();
      if (fault !== undefined) waiting.reject(fault);
      else worker.postMessage(request);
      return waiting.promise;
    },
  };
}
