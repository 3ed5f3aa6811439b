import type { Effect, EffectResult } from '../../src/domain/effect.ts';
import type { OvsState } from '../../src/domain/ovs-state.ts';
import type { Host } from '../../src/host/host.ts';

/** A question that waits until the test answers it. */
export interface Question<Answer, Asked = void> {
  /** What was asked so far. */
  readonly calls: readonly Asked[];
  /** Answers the oldest open question, and resolves when what follows from it has happened. */
  answer(answer: Answer): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** A host of which only the wire is there: each question is the test's to answer; asking for anything else is an error. */
export interface ScriptedHost extends Host {
  readonly connectOvs: Host['connectOvs'] & Question<OvsState>;
  readonly bumpConfiguration: Host['bumpConfiguration'] & Question<number>;
  readonly showDatapathFeatures: Host['showDatapathFeatures'] & Question<string, string>;
  readonly apply: Host['apply'] & Question<readonly EffectResult[], readonly Effect[]>;
}

function question<Answer, Asked>() {
  const calls: Asked[] = [];
  const open: PromiseWithResolvers<Answer>[] = [];
  const oldest = (): PromiseWithResolvers<Answer> => {
    const next = open.shift();
    if (next === undefined) throw new Error('nothing was asked');
    return next;
  };
  const ask = (asked: Asked): Promise<Answer> => {
    calls.push(asked);
    const waiting = Promise.withResolvers<Answer>();
    open.push(waiting);
    return waiting.promise;
  };
  return Object.assign(ask, {
    calls,
    answer: async (answer: Answer): Promise<void> => {
      oldest().resolve(answer);
      await settle();
    },
    fail: async (error: Error): Promise<void> => {
      oldest().reject(error);
      await settle();
    },
  });
}

/** Promise callbacks run before the next turn of the event loop: then all that an answer causes has happened. */
function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/** Makes one. */
export function createScriptedHost(): ScriptedHost {
  const known = {
    connectOvs: question<OvsState, void>(),
    bumpConfiguration: question<number, void>(),
    showDatapathFeatures: question<string, string>(),
    apply: question<readonly EffectResult[], readonly Effect[]>(),
  };
  return new Proxy(known, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name);
      throw new Error(`the test does not expect a call of ${String(name)}`);
    },
  }) as unknown as ScriptedHost;
}
