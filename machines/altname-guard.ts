import { fromPromise, setup } from 'xstate';
import type { Link } from '../src/domain/link.ts';
import { unprovided } from './unprovided.ts';

export interface AltnameGuardInput {
  /** The renamed uplink, watched by ifindex: names are what is in dispute. */
  readonly linkIndex: number;
  /** The name that must not come back as its altname; null where nothing is in dispute. */
  readonly name: string | null;
  /** The link as it is now. */
  readonly link: Link | null;
}

export interface AltnameGuardContext extends AltnameGuardInput {
  /** How often the altname was taken away. */
  readonly removals: number;
  /** The link was seen again since the removal was asked for: what was seen may be from after it. */
  readonly isSeenSince: boolean;
}

export type AltnameGuardEvent = { readonly type: 'netlink.link.changed'; readonly link: Link };

/**
 * After a rename udev may add the old name as altname at any later time (F-01, F-02). This chart takes it away each time it returns, for as
 * long as its parent lets it live: until the host port has the name. It never waits for a fixed time and never gives up by itself;
 * the deadline is the parent's, and ends in rollback.
 */
export const altnameGuard = setup({
  types: {
    input: {} as AltnameGuardInput,
    context: {} as AltnameGuardContext,
    events: {} as AltnameGuardEvent,
  },
  actors: {
    removeAltname: fromPromise<void, { readonly linkIndex: number; readonly name: string }>(unprovided),
  },
  guards: { hasConflict: unprovided },
  actions: { observeLink: unprovided, countRemoval: unprovided, forgetSighting: unprovided },
}).createMachine({
  id: 'altname-guard',
  context: ({ input }) => ({ ...input, removals: 0, isSeenSince: false }),
  initial: 'watching',
  on: { 'netlink.link.changed': { actions: 'observeLink' } },
  states: {
    watching: {
      always: { guard: 'hasConflict', target: 'removingAltname' },
    },
    removingAltname: {
      entry: 'forgetSighting',
      invoke: {
        src: 'removeAltname',
        input: ({ context }) => ({ linkIndex: context.linkIndex, name: context.name ?? '' }),
        onDone: { target: 'watching', actions: 'countRemoval' },
        // The link's next event shows whether the altname is still there.
        onError: { target: 'blocked' },
      },
    },
    blocked: {
      on: { 'netlink.link.changed': { target: 'watching', actions: 'observeLink' } },
    },
  },
});
