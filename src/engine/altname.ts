import { assign, fromPromise } from 'xstate';
import { altnameGuard } from '../../machines/altname-guard.ts';
import type { Effect } from '../domain/effect.ts';
import type { Failure } from '../errors.ts';
import { toUplinkError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { provide } from './provide.ts';

/** The altname guard bound to a host. `tell` hears of each removal. */
export function bindAltnameGuard(host: Host, tell: (effect: Effect, failure: Failure | null) => void) {
  return provide(altnameGuard, {
    actors: {
      removeAltname: fromPromise<void, { readonly linkIndex: number; readonly name: string }>(
        async ({ input, signal }) => {
          const link = { index: input.linkIndex, name: `link ${input.linkIndex}` };
          const effect: Effect = { op: 'altname.remove', link, altname: input.name };
          const [result] = await host.apply([effect], signal);
          if (result === undefined || result.ok || result.failure.errnoName === 'ENOENT') return tell(effect, null);
          tell(effect, result.failure);
          throw toUplinkError(result.failure);
        },
      ),
    },
    guards: {
      hasConflict: ({ context }) => context.name !== null && context.link?.altnames.includes(context.name) === true,
    },
    actions: {
      observeLink: assign(({ context, event }) =>
        'link' in event && event.link.index === context.linkIndex ? { link: event.link, isSeenSince: true } : {},
      ),
      forgetSighting: assign({ isSeenSince: false }),
      countRemoval: assign(({ context }) => ({
        removals: context.removals + 1,
        // Until the kernel tells, it is as we made it; what it told meanwhile may be that the altname is back.
        link:
          context.link === null || context.isSeenSince
            ? context.link
            : { ...context.link, altnames: context.link.altnames.filter((a: string) => a !== context.name) },
      })),
    },
  });
}
