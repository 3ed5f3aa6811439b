import { fromPromise, setup } from 'xstate';
import type { ManagerName } from '../src/domain/owners.ts';
import { unprovided } from './unprovided.ts';

export interface LinkOwnershipInput {
  /** The uplink, by ifindex. */
  readonly linkIndex: number;
  /** Those who were asked to let it go; empty where nobody had it. */
  readonly released: readonly ManagerName[];
}

export interface LinkOwnershipContext extends LinkOwnershipInput {
  /** How often somebody took the link back and was asked again. */
  readonly reclaims: number;
  /** Somebody changed something since the last look began: what it saw may be older. */
  readonly isChangedSince: boolean;
}

export type LinkOwnershipEvent = { readonly type: 'owner.changed'; readonly owner: ManagerName };

/**
 * Who was asked to let the uplink go may take it again at any time: what NetworkManager is told at run time it forgets with a restart (F-80). This
 * chart looks again each time that one of them changes something, and asks again where it must, for as long as its parent lets it live. It never
 * gives up by itself: what it could not get is found by the comparison with the plan, which ends in rollback.
 */
export const linkOwnership = setup({
  types: {
    input: {} as LinkOwnershipInput,
    context: {} as LinkOwnershipContext,
    events: {} as LinkOwnershipEvent,
  },
  actors: {
    /** Looks, and asks those who hold it; resolves to how many had to be asked. */
    releaseAgain: fromPromise<number, { readonly released: readonly ManagerName[] }>(unprovided),
  },
  guards: { isChangedSince: unprovided },
  actions: { noteChange: unprovided, forgetChange: unprovided, countReclaim: unprovided },
}).createMachine({
  id: 'link-ownership',
  context: ({ input }) => ({ ...input, reclaims: 0, isChangedSince: false }),
  initial: 'watching',
  on: { 'owner.changed': { actions: 'noteChange' } },
  states: {
    watching: {
      always: { guard: 'isChangedSince', target: 'releasing', actions: 'forgetChange' },
    },
    releasing: {
      invoke: {
        src: 'releaseAgain',
        input: ({ context }) => ({ released: context.released }),
        onDone: { target: 'watching', actions: 'countReclaim' },
        // Its next change is another chance.
        onError: { target: 'blocked' },
      },
    },
    blocked: {
      on: { 'owner.changed': { target: 'watching', actions: 'noteChange' } },
    },
  },
});
