import type { Engine } from '../../src/engine/engine.ts';
import type { MoveOutcome, MoveRun } from '../../src/engine/move/run.ts';
import type { Run, RunEvent, RunOutcome } from '../../src/engine/run.ts';
import { uplinkError } from '../../src/errors.ts';

/** An engine for tests of the command line: it answers as told, and tells what it was asked. The engine is not under test there. */
export interface ScriptedEngine {
  readonly engine: Engine;
  readonly calls: { readonly name: string; readonly options: unknown }[];
  readonly isClosed: () => boolean;
}

/** An outcome with the fields that matter to a test. */
export function outcome(fields: Partial<RunOutcome>): RunOutcome {
  return {
    result: 'committed',
    uplink: 'eth0',
    id: 'id-1',
    alreadyDone: false,
    findings: [],
    failure: null,
    failedIn: null,
    uplinkGone: false,
    pendingRows: false,
    unguarded: null,
    advice: [],
    durationMs: 12.3,
    ...fields,
  };
}

/** A run with these events and this outcome. */
export function scriptedRun(events: readonly RunEvent[], ended: RunOutcome | Promise<RunOutcome>): Run {
  const promise = Promise.resolve(ended);
  return {
    outcome: promise,
    confirm: () => {},
    abort: () => {},
    async *[Symbol.asyncIterator]() {
      yield* events;
      await promise;
    },
  };
}

/** A move of eth5 without events that ended with these fields. */
export function scriptedMove(fields: Partial<MoveOutcome>): MoveRun {
  const ended: MoveOutcome = {
    result: 'inUse',
    link: 'eth5',
    netns: '/run/netns/pod1',
    name: 'net1',
    id: 'id-1',
    alreadyDone: false,
    findings: [],
    failure: null,
    failedIn: null,
    linkGone: false,
    isOver: false,
    advice: [],
    durationMs: 12.3,
    ...fields,
  };
  return { outcome: Promise.resolve(ended), abort: () => {}, async *[Symbol.asyncIterator]() {} };
}

/** Makes the engine; what is not answered rejects with `UNSUPPORTED`. */
export function scriptEngine(answers: Partial<Engine>): ScriptedEngine {
  const calls: { name: string; options: unknown }[] = [];
  let closed = false;
  const unanswered = (name: string): never => {
    throw uplinkError('UNSUPPORTED', { what: 'not in this script', object: name });
  };
  const answer = <K extends keyof Engine>(name: K): Engine[K] => {
    const told = answers[name] as ((...args: unknown[]) => unknown) | undefined;
    return ((options: unknown) => {
      calls.push({ name: String(name), options });
      return told === undefined ? unanswered(String(name)) : told(options);
    }) as Engine[K];
  };
  const engine: Engine = {
    plan: answer('plan'),
    migrate: answer('migrate'),
    confirm: answer('confirm'),
    abort: answer('abort'),
    restore: answer('restore'),
    recover: answer('recover'),
    status: answer('status'),
    waitForOvs: answer('waitForOvs'),
    doctor: answer('doctor'),
    moveLink: answer('moveLink'),
    returnLink: answer('returnLink'),
    recoverMoves: answer('recoverMoves'),
    moves: answer('moves'),
    [Symbol.asyncDispose]: async () => {
      closed = true;
    },
  };
  return { engine, calls, isClosed: () => closed };
}
