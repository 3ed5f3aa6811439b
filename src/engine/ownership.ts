import { assign, fromPromise } from 'xstate';
import { linkOwnership } from '../../machines/link-ownership.ts';
import type { Effect } from '../domain/effect.ts';
import { describeEffect } from '../domain/effect-text.ts';
import type { ManagerName } from '../domain/owners.ts';
import type { Failure } from '../errors.ts';
import { toUplinkError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Exclusive } from './exclusive.ts';
import { provide } from './provide.ts';

/** Link ownership bound to a host. `alone` keeps it from working beside a step; `wanted` looks and says what is to be asked of whom; `tell` hears of each time that somebody was asked. */
export function bindLinkOwnership(
  host: Host,
  alone: Exclusive,
  wanted: () => Promise<readonly Effect[]>,
  tell: (effect: Effect, text: string, failure: Failure | null) => void,
) {
  return provide(linkOwnership, {
    actors: {
      releaseAgain: fromPromise<number, { readonly released: readonly ManagerName[] }>(({ signal }) =>
        alone(async () => {
          const effects = await wanted();
          const results = effects.length === 0 ? [] : await host.apply(effects, signal);
          for (const [index, result] of results.entries()) {
            const effect = effects[index];
            if (effect === undefined) continue;
            tell(effect, describeEffect(effect, String), result.ok ? null : result.failure);
            if (result.ok) continue;
            throw toUplinkError(result.failure);
          }
          return effects.length;
        }),
      ),
    },
    guards: {
      isChangedSince: ({ context }) => context.isChangedSince,
    },
    actions: {
      noteChange: assign(({ context, event }) =>
        event.type === 'owner.changed' && context.released.includes(event.owner) ? { isChangedSince: true } : {},
      ),
      forgetChange: assign({ isChangedSince: false }),
      countReclaim: assign(({ context, event }) => ({
        reclaims: context.reclaims + ((event as { readonly output?: number }).output ?? 0),
      })),
    },
  });
}
