import { useEffect, useRef, useState } from 'preact/hooks';
import type { Step, TracedActor } from '../model/trace.ts';

/** Height of a row in CSS pixels; the style sheet has the same. */
const ROW = 26;
/** Rows that are there beyond what is to be seen. */
const SPARE = 10;

/** All steps; only those that are to be seen are in the page, so that ten thousand are no more work than twenty. */
export function StepList(props: {
  readonly steps: readonly Step[];
  readonly at: number;
  readonly isFollowing: boolean;
  readonly actors: readonly TracedActor[];
  readonly onSelect: (step: number) => void;
}) {
  const { steps, at, actors, onSelect } = props;
  const list = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const first = steps[0]?.id ?? 0;
  const index = at - first;

  useEffect(() => {
    const { current } = list;
    if (current === null) return;
    const top = index * ROW;
    const isSeen = top >= current.scrollTop && top + ROW <= current.scrollTop + current.clientHeight;
    if (!isSeen) current.scrollTop = Math.max(0, top - current.clientHeight / 2);
    setView({ top: current.scrollTop, height: current.clientHeight });
  }, [index]);

  const from = Math.max(0, Math.floor(view.top / ROW) - SPARE);
  const to = Math.min(steps.length, Math.ceil((view.top + view.height) / ROW) + SPARE);
  const root = actors.find(({ parentId }) => parentId === undefined)?.sessionId;
  const names = new Map(actors.map(({ sessionId, name }) => [sessionId, name]));
  return (
    <div
      class="step-list"
      ref={list}
      onScroll={({ currentTarget }) => setView({ top: currentTarget.scrollTop, height: currentTarget.clientHeight })}
    >
      <ol style={{ height: `${steps.length * ROW}px` }} aria-label="Steps">
        {steps.slice(from, to).map((step, offset) => (
          <li
            key={step.id}
            style={{ top: `${(from + offset) * ROW}px` }}
            aria-posinset={from + offset + 1}
            aria-setsize={steps.length}
          >
            <button
              type="button"
              class={`step ${step.kind}${step.isFailure ? ' failing' : ''}`}
              aria-current={step.id === at ? 'step' : undefined}
              title={`${step.title}${step.detail === null ? '' : ` (${step.detail})`}`}
              onClick={() => onSelect(step.id)}
            >
              <time>{timeText(step.atMs)}</time>
              <span class="title">
                {step.sessionId !== null && step.sessionId !== root && <i>{names.get(step.sessionId)}: </i>}
                {step.title}
              </span>
              {step.state !== null && <span class="to">{lastPart(step.state)}</span>}
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

function lastPart(state: string): string {
  return state
    .split(', ')
    .map(path => path.slice(path.lastIndexOf('.') + 1))
    .join(', ');
}

export function timeText(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
