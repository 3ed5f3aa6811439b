import type { AnyActorRef } from 'xstate';

/** All actors of the tree that an actor is in, parents before children, and the id of the one at the top. */
export function treeOf(actor: AnyActorRef): { readonly rootId: string; readonly actors: readonly AnyActorRef[] } {
  let root = actor;
  while (root._parent !== undefined) root = root._parent;
  const actors: AnyActorRef[] = [root];
  for (const one of actors) {
    const { children } = one.getSnapshot() as { readonly children?: Readonly<Record<string, AnyActorRef | undefined>> };
    for (const child of Object.values(children ?? {})) if (child !== undefined) actors.push(child);
  }
  return { rootId: root.sessionId, actors };
}
