import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LinkRef } from '../../src/domain/effect.ts';
import type { NetworkManagerFacts } from '../../src/domain/owners.ts';
import type { Failure } from '../../src/errors.ts';
import { uplinkError } from '../../src/errors.ts';
import type { LabNetworkManager } from './network-manager.ts';

/** What the project's client is to ask of NetworkManager. */
export interface Question {
  readonly what: 'read' | 'manage' | 'shield' | 'forget' | 'return' | 'watch';
  readonly link: LinkRef;
  readonly profile: string | null;
  /** For opening the bus, and for reading. */
  readonly limitMs: number;
}

/** What became of a {@link Question}. */
export interface Answer {
  readonly result?: unknown;
  readonly failure?: Failure;
  readonly tookMs: number;
}

/** The project's client of NetworkManager in a process of its own, on the lab's host. */
export interface Asker extends AsyncDisposable {
  ask(what: Question['what'], options?: Partial<Omit<Question, 'what' | 'link'>> & { link?: string }): Promise<Answer>;
  read(options?: { link?: string; limitMs?: number }): Promise<NetworkManagerFacts & { readonly tookMs: number }>;
  /** Resolves when the watch has told that often, from its beginning on. */
  told(times: number): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./network-manager-program.ts', import.meta.url));
/** The uplink's in every lab. */
const UPLINK_INDEX = 10;
/** Where time is not what is tested. */
const PATIENCE_MS = 5000;

/** Starts the process; it ends with the lab at the latest. */
export function startAsker({ host }: LabNetworkManager): Asker {
  const argv = [process.execPath, '--no-warnings', PROGRAM];
  const child = host.spawn(host.hostNs, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  child.stdin?.on('error', () => {}); // it has ended; the answer that does not come tells
  const waiting: PromiseWithResolvers<Answer>[] = [];
  const listeners = new Set<() => void>();
  let tells = 0;
  createInterface({ input: child.stdout! }).on('line', line => {
    const said = JSON.parse(line) as Answer | { told: true };
    if (!('told' in said)) return waiting.shift()?.resolve(said);
    tells += 1;
    for (const listener of listeners) listener();
  });
  void ended.then(() => {
    for (const each of waiting) each.reject(uplinkError('DEFECT', { what: 'the asking process ended' }));
  });

  const ask: Asker['ask'] = (what, { link = 'eth0', profile = null, limitMs = PATIENCE_MS } = {}) => {
    const question: Question = { what, link: { index: UPLINK_INDEX, name: link }, profile, limitMs };
    const answered = Promise.withResolvers<Answer>();
    waiting.push(answered);
    child.stdin?.write(`${JSON.stringify(question)}\n`);
    return answered.promise;
  };
  return {
    ask,
    async read(options) {
      const { result, tookMs } = await ask('read', options);
      return { ...(result as NetworkManagerFacts), tookMs };
    },
    async told(times) {
      while (tells < times) {
        const news = Promise.withResolvers<void>();
        listeners.add(news.resolve);
        await news.promise;
        listeners.delete(news.resolve);
      }
    },
    async [Symbol.asyncDispose]() {
      child.stdin?.end();
      await ended;
    },
  };
}
