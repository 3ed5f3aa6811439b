import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Effect, EffectResult } from '../../../src/domain/effect.ts';
import type { Host } from '../../../src/host/host.ts';

/** Told of every instant at which the process may be made to die: a name for people, in order. */
export type OnPoint = (name: string) => void;

/** Kinds of change that go out one by one: a refused one stops what follows (linux-effects.ts). */
const STOPPING = /^(ovs\.|link\.rename|sysctl\.|ingress\.|announce|vport\.|datapath\.)/;

/** The same host, but changes of one batch are carried out one after another, and each is a point: death may come between any two. */
export function tellEveryEffect(host: Host, onPoint: OnPoint): Host {
  return {
    ...host,
    async apply(effects, signal) {
      const results: EffectResult[] = [];
      for (const effect of effects) {
        const [result] = await host.apply([effect], signal);
        if (result === undefined) break;
        results.push(result);
        onPoint(`effect ${effect.op}${objectOf(effect)}`);
        if (!result.ok && STOPPING.test(effect.op)) break;
      }
      return results;
    },
  };
}

function objectOf(effect: Effect): string {
  if ('address' in effect) return ` ${effect.address.local}`;
  if ('route' in effect) return ` ${effect.route.destination} table ${effect.route.table}`;
  if ('key' in effect) return ` ${effect.key}`;
  return 'link' in effect ? ` ${effect.link.name}` : '';
}

/** Makes points of the instants before and after a journal replaces the one before it, and before and after it is removed. */
export function tellJournalWrites(directory: string, onPoint: OnPoint): void {
  const { rename, rm } = promises;
  const isJournal = (path: unknown): boolean => String(path).startsWith(directory) && String(path).endsWith('.journal');
  const patched = promises as { rename: typeof rename; rm: typeof rm };
  patched.rename = async (from, to) => {
    if (isJournal(to)) onPoint('journal written, not yet in place');
    await rename(from, to);
    if (isJournal(to)) onPoint('journal in place');
  };
  patched.rm = async (path, options) => {
    if (isJournal(path)) onPoint('journal about to be removed');
    await rm(path, options);
    if (isJournal(path)) onPoint('journal removed');
  };
  syncBuiltinESMExports();
}
