import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { annotatedMigration } from '../../engine/migration/actions.ts';
import { annotatedMove } from '../../engine/move/bind.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { loadHost } from '../../host/simulated/description/load-host.ts';
import type { AnyCase } from './any-case.ts';
import { isMoveCase } from './any-case.ts';
import type { CaseResult } from './case-result.ts';
import { formatCase } from './case-yaml.ts';
import { chooseCase, exhaustiveCase } from './choose-case.ts';
import type { CoverageReport } from './coverage.ts';
import { createCoverage } from './coverage.ts';
import type { Disturbed } from './disturbance.ts';
import type { Ground } from './enumerate.ts';
import type { Finding } from './explore.ts';
import { playCase } from './play-case.ts';
import { shrinkCase } from './shrink.ts';

/** What a worker is started with. */
export interface WorkerInput {
  readonly seed: number;
  readonly hosts: readonly { readonly file: string; readonly text: string }[];
}

/** What the main thread asks of a worker. */
export type WorkerRequest =
  | { readonly type: 'first'; readonly index: number; readonly case: AnyCase }
  | { readonly type: 'grounds'; readonly grounds: readonly Ground[] }
  | {
      readonly type: 'chunk';
      readonly from: number;
      readonly to: number;
      readonly isExhaustive: boolean;
      readonly shrink: boolean;
    }
  | { readonly type: 'coverage' };

/** What it answers. */
export type WorkerAnswer =
  | { readonly type: 'ground'; readonly index: number; readonly ground: Ground; readonly chunk: ChunkResult }
  | { readonly type: 'chunk'; readonly from: number; readonly chunk: ChunkResult }
  | { readonly type: 'coverage'; readonly coverage: CoverageReport };

/** What became of some cases. */
export interface ChunkResult {
  readonly cases: number;
  /** Runs of the engine in them: a case may restore what it migrated, and recover what died. */
  readonly runs: number;
  readonly counts: Record<CountKind, number>;
  readonly ends: Record<string, number>;
  readonly failed: number;
  readonly findings: readonly Finding[];
  /** Over the traces of its cases, in order. */
  readonly trace: string;
  readonly virtualMs: number;
}

export type CountKind = 'undisturbed' | 'fault' | 'incident' | 'kill' | 'combined';

/** Of so many migrations one is watched for coverage: XState takes a fifth longer under an inspector. Moves are few. */
const WATCHED_EVERY = 2;
/** Of one chunk no more are made smaller: a bug fails many cases in the same way. */
const MAX_SHRUNK = 1;

const port = parentPort;
if (port !== null) {
  const { hosts: sources } = workerData as WorkerInput & { readonly seed: number };
  const { seed } = workerData as WorkerInput;
  const hosts = new Map<string, HostDescription>();
  for (const { file, text } of sources) {
    const host = loadHost(text, file);
    hosts.set(host.name, host);
  }
  const coverage = createCoverage();
  for (const machine of [annotatedMigration, annotatedMove]) coverage.watchGuards(machine);
  let grounds: readonly Ground[] = [];

  // Nobody reads the stacks of errors that faults cause.
  Error.stackTraceLimit = 2;

  const run = (explored: AnyCase, isWatched = false): Promise<CaseResult> => {
    const host = hosts.get(explored.host);
    if (host === undefined) throw new RangeError(`no host ${explored.host}`);
    return playCase(host, explored, { ...(isWatched ? { coverage } : {}), hashTrace: true });
  };

  const runAll = async (cases: readonly AnyCase[], shrink: boolean) => {
    const counts: ChunkResult['counts'] = { undisturbed: 0, fault: 0, incident: 0, kill: 0, combined: 0 };
    const ends: Record<string, number> = {};
    const findings: Finding[] = [];
    const results: CaseResult[] = [];
    const hash = createHash('sha256');
    let failed = 0;
    let runs = 0;
    let virtualMs = 0;
    for (const [at, explored] of cases.entries()) {
      const result = await run(explored, at % WATCHED_EVERY === 0 || isMoveCase(explored) || isRare(explored));
      results.push(result);
      counts[countKind(explored)] += 1;
      const end = result.ends.join(' > ');
      ends[end] = (ends[end] ?? 0) + 1;
      runs += result.ends.length;
      hash.update(result.trace);
      virtualMs += result.virtualMs;
      if (result.violations.length === 0) continue;
      failed += 1;
      if (!shrink || findings.length >= MAX_SHRUNK) continue;
      const { smallest, result: shown } = await shrinkCase(explored, run, new Set(hosts.keys()));
      findings.push({
        case: smallest,
        violations: shown.violations,
        found: explored,
        yaml: formatCase(smallest, shown),
      });
    }
    const chunk: ChunkResult = {
      cases: cases.length,
      runs,
      counts,
      ends,
      failed,
      findings,
      trace: hash.digest('hex'),
      virtualMs,
    };
    return { chunk, results };
  };

  const answer = (message: WorkerAnswer): void => port.postMessage(message);

  const serve = async (request: WorkerRequest): Promise<void> => {
    switch (request.type) {
      case 'first': {
        const { chunk, results } = await runAll([request.case], true);
        const { operations = [], states = [] } = results[0] ?? {};
        const ground = { undisturbed: request.case, operations, states };
        answer({ type: 'ground', index: request.index, ground, chunk });
        break;
      }
      case 'grounds':
        grounds = request.grounds;
        break;
      case 'chunk': {
        const cases: AnyCase[] = [];
        for (let index = request.from; index < request.to; index += 1) {
          cases.push(request.isExhaustive ? exhaustiveCase(grounds, index) : chooseCase(grounds, seed, index));
        }
        const { chunk } = await runAll(cases, request.shrink);
        answer({ type: 'chunk', from: request.from, chunk });
        break;
      }
      case 'coverage':
        answer({ type: 'coverage', coverage: coverage.report() });
        break;
    }
  };
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: WorkerRequest) => {
    // A throw is a defect: it ends the worker, and the main thread tells it.
    last = last.then(() => serve(request));
    last.catch(error =>
      queueMicrotask(() => {
        throw error;
      }),
    );
  });
}

/** What has a transition of its own in each state, or seldom any. */
function isRare({ incidents }: Disturbed<{ readonly kind: string }>): boolean {
  return incidents.some(({ incident }) => incident.kind === 'abort' || incident.kind === 'host-port.dad-failed');
}

function countKind({ faults, incidents }: AnyCase): CountKind {
  if (faults.length + incidents.length === 0) return 'undisturbed';
  if (faults.length + incidents.length > 1) return 'combined';
  const isKill = faults[0]?.kind.startsWith('kill') === true || incidents[0]?.incident.kind === 'kill';
  if (isKill) return 'kill';
  return faults.length > 0 ? 'fault' : 'incident';
}
