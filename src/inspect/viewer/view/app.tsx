import { useEffect, useMemo, useState } from 'preact/hooks';
import { chartOf } from '../model/chart-of.ts';
import type { Trace } from '../model/trace.ts';
import { ActorList } from './actor-list.tsx';
import { ChartView } from './chart-view.tsx';
import { Details } from './details.tsx';
import type { FeedState } from './feed.ts';
import { Scrubber } from './scrubber.tsx';
import { StepList } from './step-list.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

const PANES = ['chart', 'steps', 'details'] as const;
const FEED_TEXTS: Readonly<Record<FeedState, string>> = {
  connecting: 'connecting',
  open: 'live',
  lost: 'connection lost, trying again',
};

/** The whole page: what was told, at the step that is looked at. */
export function App({ trace, feed }: { readonly trace: Trace; readonly version: number; readonly feed: FeedState }) {
  const { steps, source } = trace;
  const [first, last] = [steps[0]?.id ?? 0, steps.at(-1)?.id ?? 0];
  /** Null while the newest step is followed. */
  const [chosenStep, chooseStep] = useState<number | null>(null);
  /** Null while that of the newest run is followed. */
  const [chosenActor, chooseActor] = useState<string | null>(null);
  const [pane, setPane] = useState<(typeof PANES)[number]>('chart');

  // What was dropped cannot be looked at any more.
  const at = chosenStep === null ? last : Math.min(last, Math.max(first, chosenStep));
  const step = steps[at - first];
  const actors = trace.actorsAt(at);
  const withCharts = actors.filter(({ definition }) => chartOf(definition) !== null);
  const roots = withCharts.filter(({ parentId }) => parentId === undefined);
  const actor = actors.find(({ sessionId }) => sessionId === chosenActor) ?? roots.at(-1) ?? withCharts.at(-1);
  // Keys come faster than pages are drawn: each goes on from where the one before it went.
  const move = (by: number): void =>
    chooseStep(before => Math.min(last, Math.max(first, (before === null ? last : before) + by)));

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isFor(event.target, event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      const act = KEYS[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act({ move, toFirst: () => chooseStep(first), follow: () => chooseStep(null) });
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });

  const snapshot = actor === undefined ? undefined : trace.snapshotAt(actor.sessionId, at);
  const taken = actor === undefined ? undefined : trace.lastTransitions(actor.sessionId, at);
  const chart = useMemo(() => chartOf(actor?.definition), [actor?.definition]);
  const isLive = source?.isLive === true;
  const status = isLive || feed !== 'open' ? FEED_TEXTS[feed] : `${source?.kind ?? 'nothing yet'}`;
  return (
    <div class={`page show-${pane}`}>
      <header>
        <h1>{source?.title ?? 'ovs-uplink'}</h1>
        <span class={`status ${feed}`} role="status">
          {status}
        </span>
        <ThemeSwitch />
      </header>
      <nav aria-label="Panes">
        {PANES.map(name => (
          <button type="button" key={name} aria-pressed={pane === name} onClick={() => setPane(name)}>
            {name}
          </button>
        ))}
      </nav>
      <main>
        <section class="steps" aria-label="Actors and steps">
          <ActorList
            actors={actors}
            trace={trace}
            at={at}
            selected={actor?.sessionId ?? null}
            onSelect={id => chooseActor(id === chosenActor ? null : id)}
          />
          <StepList steps={steps} at={at} isFollowing={chosenStep === null} actors={actors} onSelect={chooseStep} />
        </section>
        <section class="chart" aria-label="State chart">
          {chart === null ? (
            <p class="empty">{actors.length === 0 ? EMPTY : 'This actor is no state machine.'}</p>
          ) : (
            <ChartView key={actor?.definition} chart={chart} snapshot={snapshot} taken={taken} isNew={taken === step} />
          )}
        </section>
        <section class="details" aria-label="Details of the step">
          <Details trace={trace} step={step} at={at} first={first} actor={actor} snapshot={snapshot} />
        </section>
      </main>
      <Scrubber
        trace={trace}
        at={at}
        first={first}
        last={last}
        isFollowing={chosenStep === null}
        onSelect={chooseStep}
        onMove={move}
      />
      <p class="visually-hidden" aria-live="polite">
        {step === undefined ? '' : `Step ${at - first + 1} of ${steps.length}: ${step.title}`}
      </p>
    </div>
  );
}

const EMPTY = 'Nothing was told yet. This page follows as soon as a run begins.';

/** What has the focus does something of its own with the key. */
function isFor(target: EventTarget | null, key: string): boolean {
  if (target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && (target.type === 'range' || key.startsWith('Arrow'));
}

interface Moves {
  readonly move: (by: number) => void;
  readonly toFirst: () => void;
  readonly follow: () => void;
}

const KEYS: Readonly<Record<string, (moves: Moves) => void>> = {
  ArrowLeft: ({ move }) => move(-1),
  ArrowRight: ({ move }) => move(1),
  PageUp: ({ move }) => move(-20),
  PageDown: ({ move }) => move(20),
  Home: ({ toFirst }) => toFirst(),
  End: ({ follow }) => follow(),
};
