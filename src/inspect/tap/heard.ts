import type { AnyActorRef, AnyEventObject, AnyTransitionDefinition } from 'xstate';

interface OfActor {
  readonly actor: AnyActorRef;
}

interface Timed extends OfActor {
  readonly rootId: string;
  readonly atMs: number;
}

/** An actor was made. */
export interface HeardActor extends Timed {
  readonly kind: 'actor';
  /** Undefined until it is made. */
  snapshot: object | undefined;
}

/** What a tap took down, by reference: nothing of it changes later. */
export type Heard =
  | HeardActor
  | (Timed & { readonly kind: 'event'; readonly event: AnyEventObject; readonly sourceId: string | undefined })
  | (Timed & { readonly kind: 'snapshot'; readonly event: AnyEventObject; readonly snapshot: object })
  | (OfActor & { readonly kind: 'transitions'; readonly transitions: readonly AnyTransitionDefinition[] });
