import { useState } from 'preact/hooks';
import type { ActorSnapshot, TakenTransition } from '../../wire/messages.ts';
import { stateText } from '../model/active.ts';
import { changesBetween } from '../model/changes.ts';
import type { Step, Trace, TracedActor } from '../model/trace.ts';
import { ChangeTable } from './change-table.tsx';
import { JsonTree } from './json-tree.tsx';
import { timeText } from './step-list.tsx';

/** What a step was, and what it changed: transitions, context, host. */
export function Details(props: {
  readonly trace: Trace;
  readonly step: Step | undefined;
  readonly at: number;
  readonly first: number;
  readonly actor: TracedActor | undefined;
  readonly snapshot: ActorSnapshot | undefined;
}) {
  const { trace, step, at, first, actor, snapshot } = props;
  const [since, setSince] = useState<'step' | 'start'>('step');
  const [whole, setWhole] = useState(false);
  if (step === undefined) return <p class="empty">No step yet.</p>;
  const beforeStep = since === 'step' ? at - 1 : (actor?.since ?? first);
  const before = actor === undefined ? undefined : trace.snapshotAt(actor.sessionId, beforeStep);
  const contextChanges = changesBetween(before?.context ?? {}, snapshot?.context ?? {});
  const hostNow = trace.hostAt(at);
  const hostBefore = since === 'step' ? trace.hostAt(at - 1) : trace.firstHost;
  const hostChanges = hostNow === undefined ? [] : changesBetween(hostBefore ?? {}, hostNow);
  return (
    <>
      <h2>{step.title}</h2>
      <dl class="facts">
        <dt>time</dt>
        <dd>{timeText(step.atMs)}</dd>
        {actor !== undefined && (
          <>
            <dt>{actor.name}</dt>
            <dd>{snapshot?.value === undefined ? (snapshot?.status ?? 'not there yet') : stateText(snapshot.value)}</dd>
          </>
        )}
        {step.detail !== null && (
          <>
            <dt>{step.isFailure ? 'failure' : 'kind'}</dt>
            <dd class={step.isFailure ? 'failing' : ''}>{step.detail}</dd>
          </>
        )}
      </dl>
      {step.transitions.length > 0 && (
        <>
          <h3>Transitions</h3>
          <ul class="transitions">
            {step.transitions.map((transition, index) => (
              <li key={index}>
                <Transition {...transition} />
              </li>
            ))}
          </ul>
        </>
      )}
      {step.event !== null && Object.keys(step.event).length > 1 && (
        <>
          <h3>Event</h3>
          <JsonTree name={step.event.type} value={step.event} isOpen={false} />
        </>
      )}
      <fieldset>
        <legend>Compare with</legend>
        {(['step', 'start'] as const).map(each => (
          <label key={each}>
            <input type="radio" name="since" checked={since === each} onChange={() => setSince(each)} />
            {each === 'step' ? 'the step before' : 'the beginning'}
          </label>
        ))}
      </fieldset>
      <h3>Host</h3>
      {hostNow === undefined ? (
        <p class="empty">Nothing is known of the host.</p>
      ) : (
        <ChangeTable changes={hostChanges} depth={2} nothing="The host is the same." />
      )}
      <h3>Context</h3>
      <ChangeTable changes={contextChanges} depth={1} nothing="The context is the same." />
      <label class="whole">
        <input type="checkbox" checked={whole} onChange={() => setWhole(!whole)} /> show all of it
      </label>
      {whole && (
        <>
          <JsonTree name="context" value={snapshot?.context} isOpen={true} />
          {hostNow !== undefined && <JsonTree name="host" value={hostNow} isOpen={true} />}
        </>
      )}
    </>
  );
}

function Transition({ source, targets, guard, actions }: TakenTransition) {
  return (
    <>
      <code>{source === '' ? '(root)' : source}</code>
      {targets.length > 0 && (
        <>
          {' → '}
          <code>{targets.join(', ')}</code>
        </>
      )}
      {guard !== null && <span class="guard"> if {guard}</span>}
      {actions.length > 0 && <span class="note"> notes {actions.join(', ')}</span>}
    </>
  );
}
