import { longestOutage, stretchesOf } from '../model/outage.ts';
import type { Trace } from '../model/trace.ts';
import { timeText } from './step-list.tsx';

/** Goes back and forth in time, over a plot of whether the host could be reached. */
export function Scrubber(props: {
  readonly trace: Trace;
  readonly at: number;
  readonly first: number;
  readonly last: number;
  readonly isFollowing: boolean;
  readonly onSelect: (step: number | null) => void;
  readonly onMove: (by: number) => void;
}) {
  const { trace, at, first, last, isFollowing, onSelect, onMove } = props;
  const { steps } = trace;
  const step = steps[at - first];
  return (
    <footer>
      <ProbePlot trace={trace} nowMs={step?.atMs ?? 0} />
      <div class="controls">
        <button type="button" onClick={() => onSelect(first)} aria-label="First step">
          |◀
        </button>
        <button type="button" onClick={() => onMove(-1)} aria-label="Step back">
          ◀
        </button>
        <input
          type="range"
          min={first}
          max={last}
          value={at}
          aria-label="Step"
          aria-valuetext={`step ${at - first + 1} of ${steps.length}`}
          onInput={({ currentTarget }) => onSelect(Number(currentTarget.value))}
        />
        <button type="button" onClick={() => onMove(1)} aria-label="Step on">
          ▶
        </button>
        <button type="button" aria-pressed={isFollowing} onClick={() => onSelect(isFollowing ? at : null)}>
          {trace.source?.isLive === true ? 'Follow' : 'End'}
        </button>
        <output>
          {steps.length === 0 ? 0 : at - first + 1}/{steps.length} · {timeText(step?.atMs ?? 0)}
        </output>
      </div>
    </footer>
  );
}

const HEIGHT = 14;
const WIDTH = 1000;

function ProbePlot({ trace, nowMs }: { readonly trace: Trace; readonly nowMs: number }) {
  if (trace.probes.length === 0) return null;
  const endMs = Math.max(trace.steps.at(-1)?.atMs ?? 0, 0.001);
  const targets = [...new Set(trace.probes.map(({ target }) => target))];
  const x = (ms: number): number => (ms / endMs) * WIDTH;
  return (
    <div class="probes">
      {targets.map(target => {
        const stretches = stretchesOf(trace.probes, target, endMs);
        const outageMs = longestOutage(stretches);
        const text = outageMs === 0 ? 'no outage' : `longest outage ${timeText(outageMs)}`;
        return (
          <div class="probe" key={target}>
            <span>
              {target}: {text}
            </span>
            <svg
              viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
              preserveAspectRatio="none"
              role="img"
              aria-label={`${target}: ${text}`}
            >
              {stretches.map(({ fromMs, toMs, ok }) => (
                <rect
                  key={fromMs}
                  class={ok ? 'ok' : 'outage'}
                  x={x(fromMs)}
                  width={Math.max(ok ? 0 : 2, x(toMs) - x(fromMs))}
                  height={HEIGHT}
                />
              ))}
              <line class="now" x1={x(nowMs)} x2={x(nowMs)} y1="0" y2={HEIGHT} />
            </svg>
          </div>
        );
      })}
    </div>
  );
}
