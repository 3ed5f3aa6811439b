import type { ActorSnapshot } from '../../wire/messages.ts';
import { stateText } from '../model/active.ts';
import type { Trace, TracedActor } from '../model/trace.ts';

/** The actors that there are at a step, children below their parents, each with its state. */
export function ActorList(props: {
  readonly actors: readonly TracedActor[];
  readonly trace: Trace;
  readonly at: number;
  readonly selected: string | null;
  readonly onSelect: (sessionId: string) => void;
}) {
  const { actors, trace, at, selected, onSelect } = props;
  return (
    <ul class="actors" aria-label="Actors">
      {inOrder(actors.filter(actor => isShown(actor, trace.snapshotAt(actor.sessionId, at)))).map(
        ({ actor, depth }) => {
          const { sessionId, name } = actor;
          const snapshot = trace.snapshotAt(sessionId, at);
          return (
            <li key={sessionId}>
              <button
                type="button"
                aria-pressed={sessionId === selected}
                class={`actor ${snapshot?.status ?? ''}`}
                style={{ paddingLeft: `${8 + depth * 14}px` }}
                onClick={() => onSelect(sessionId)}
              >
                <b>{name}</b>{' '}
                <span>{snapshot?.value === undefined ? (snapshot?.status ?? '') : stateText(snapshot.value)}</span>
              </button>
            </li>
          );
        },
      )}
    </ul>
  );
}

/** What works for a state is of interest while it does. */
function isShown({ isWorker }: TracedActor, snapshot: ActorSnapshot | undefined): boolean {
  return !isWorker || snapshot?.status === 'active';
}

function inOrder(actors: readonly TracedActor[]): readonly { readonly actor: TracedActor; readonly depth: number }[] {
  const known = new Set(actors.map(({ sessionId }) => sessionId));
  const below = (parent: string | undefined, depth: number): ReturnType<typeof inOrder> =>
    actors
      .filter(({ parentId }) => (parentId !== undefined && known.has(parentId) ? parentId : undefined) === parent)
      .flatMap(actor => [{ actor, depth }, ...below(actor.sessionId, depth + 1)]);
  return below(undefined, 0);
}
