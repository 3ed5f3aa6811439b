import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ChartGraph } from '../../../verify/chart/graph.ts';
import { referenceText, triggerText } from '../../../verify/chart/text.ts';
import { drawChart } from '../../picture/draw-chart.ts';
import { type Box, MEASURES, type Picture } from '../../picture/picture.ts';
import { pathOf } from '../../picture/svg.ts';
import type { ActorSnapshot } from '../../wire/messages.ts';
import { activePaths, stateText } from '../model/active.ts';
import type { Step } from '../model/trace.ts';
import { usePanZoom } from './pan-zoom.ts';

/** Below this scale the text cannot be read: then the active state is brought to the middle instead of showing everything. */
const READABLE = 1;

/** A chart: what is active is lit, and the transitions that led there stand out. */
export function ChartView(props: {
  readonly chart: ChartGraph;
  readonly snapshot: ActorSnapshot | undefined;
  /** The last step of this actor that took transitions. */
  readonly taken: Step | undefined;
  /** It is the step that is looked at. */
  readonly isNew: boolean;
}) {
  const { chart, snapshot, taken, isNew } = props;
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 900, height: 700 });
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [selected, select] = useState<string | null>(null);

  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSize({ width: Math.max(200, width), height: Math.max(200, height) });
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);

  // A narrow page scrolls one column; a wide one shows all columns at once.
  const isNarrow = size.width < 600;
  const picture = useMemo(
    () =>
      drawChart(chart, {
        frame: isNarrow ? { width: 390, height: 100_000 } : { width: 1600, height: 1000 },
        collapsed,
      }),
    [chart, collapsed, isNarrow],
  );
  const active = activePaths(snapshot?.value);
  const takenTargets = new Set(
    (taken?.transitions ?? []).flatMap(({ source, targets }) => targets.map(to => `${source} ${to}`)),
  );
  const boxes = new Map(picture.boxes.map(box => [box.path, box]));
  const focus = [...active]
    .map(path => boxes.get(path))
    .filter(box => box !== undefined)
    .at(-1);
  const { view, zoom, fit, handlers } = usePanZoom(picture, size, focus, READABLE);
  const toggle = (path: string): void => {
    const next = new Set(collapsed);
    if (!next.delete(path)) next.add(path);
    setCollapsed(next);
  };

  return (
    <>
      <div class="chart-tools">
        <span class="active-states">
          <b>{chart.id}</b> {stateText(snapshot?.value)}
          {snapshot?.status !== undefined && snapshot.status !== 'active' && ` (${snapshot.status})`}
        </span>
        <select
          aria-label="Details of a state"
          value={selected ?? ''}
          onChange={({ currentTarget }) => select(currentTarget.value === '' ? null : currentTarget.value)}
        >
          <option value="">States</option>
          {[...chart.states.keys()].filter(Boolean).map(path => (
            <option key={path}>{path}</option>
          ))}
        </select>
        <button type="button" onClick={() => zoom(1.25)} aria-label="Larger">
          +
        </button>
        <button type="button" onClick={() => zoom(0.8)} aria-label="Smaller">
          −
        </button>
        <button type="button" onClick={fit}>
          Fit
        </button>
      </div>
      <div class="canvas" ref={frame} {...handlers}>
        <svg
          viewBox={`${view.x} ${view.y} ${view.width} ${view.height}`}
          role="img"
          aria-label={`State chart ${chart.id}; active: ${stateText(snapshot?.value) || 'nothing'}`}
        >
          <defs>
            {['line', 'failure-line', 'taken-line'].map(name => (
              <Head key={name} name={name} />
            ))}
          </defs>
          {picture.boxes.map(box => (
            <State
              key={box.path}
              box={box}
              isActive={active.has(box.path)}
              isSelected={selected === box.path}
              onSelect={() => select(selected === box.path ? null : box.path)}
              onToggle={() => toggle(box.path)}
            />
          ))}
          <Lines picture={picture} taken={takenTargets} selected={selected} isNew={isNew} />
          {picture.boxes.flatMap(({ path, texts }) =>
            texts.map(({ x, y, width, size: fontSize, text, role, row }, index) => (
              <text
                key={`${path} ${index}`}
                class={`${role}${row !== null && takenTargets.has(`${path} ${row.target}`) ? ' taken' : ''}`}
                x={x}
                y={y}
                font-size={fontSize}
                textLength={width}
                lengthAdjust="spacingAndGlyphs"
              >
                {text}
              </text>
            )),
          )}
        </svg>
      </div>
      {selected !== null && (
        <StatePanel
          chart={chart}
          path={selected}
          isCollapsed={collapsed.has(selected)}
          onToggle={() => toggle(selected)}
          onClose={() => select(null)}
        />
      )}
    </>
  );
}

function Head({ name }: { readonly name: string }) {
  const size = MEASURES.arrow;
  return (
    <marker
      id={name}
      viewBox={`0 0 ${size} ${size}`}
      refX={size}
      refY={size / 2}
      markerUnits="userSpaceOnUse"
      markerWidth={size + 2}
      markerHeight={size + 2}
      orient="auto"
    >
      <path class={`${name}-head`} d={`M0 0L${size} ${size / 2}L0 ${size}z`} />
    </marker>
  );
}

function State(props: {
  readonly box: Box;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
  readonly onToggle: () => void;
}) {
  const { box, isActive, isSelected, onSelect, onToggle } = props;
  const { path, x, y, width, height, kind, isInitial, isCollapsed } = box;
  const isCompound = kind === 'compound' || kind === 'parallel';
  const classes = [isCompound ? 'compound' : 'state', kind, isActive && 'active', isSelected && 'selected'];
  return (
    <g data-path={path} data-active={isActive ? 'true' : undefined}>
      <rect
        class={classes.filter(Boolean).join(' ')}
        x={x}
        y={y}
        width={width}
        height={height}
        rx="5"
        {...asButton(onSelect)}
      />
      {isInitial && <circle class="initial" cx={x} cy={y} r="3.5" />}
      {isCompound && path !== '' && (
        <text class="toggle" x={x + width - 16} y={y + 15} font-size="13" {...asButton(onToggle)}>
          {isCollapsed ? '+' : '−'}
        </text>
      )}
    </g>
  );
}

/** For the mouse: with the keyboard one chooses a state by its name, above the chart. */
function asButton(act: () => void) {
  return {
    role: 'button',
    tabIndex: -1,
    onClick: act,
    onKeyDown: ({ key }: KeyboardEvent) => key === 'Enter' && act(),
  } as const;
}

function Lines(props: {
  readonly picture: Picture;
  readonly taken: ReadonlySet<string>;
  readonly selected: string | null;
  readonly isNew: boolean;
}) {
  const { picture, taken, selected, isNew } = props;
  const isTaken = ({ from, row }: Picture['lines'][number]): boolean => taken.has(`${from} ${row.target}`);
  // What stands out is drawn last.
  const ordered = [...picture.lines].sort((a, b) => Number(isTaken(a)) - Number(isTaken(b)));
  return (
    <>
      {ordered.map(line => {
        const name = isTaken(line) ? 'taken-line' : line.row.isFailure ? 'failure-line' : 'line';
        const isOfSelected = line.from === selected || line.to === selected;
        return (
          <path
            key={`${line.from} ${line.to}`}
            class={`${name}${isOfSelected ? ' selected' : ''}${isNew && isTaken(line) ? ' new' : ''}`}
            marker-end={`url(#${name})`}
            d={pathOf(line.points)}
          />
        );
      })}
    </>
  );
}

/** Everything that a state says: what it runs, its transitions with guards and actions. */
function StatePanel(props: {
  readonly chart: ChartGraph;
  readonly path: string;
  readonly isCollapsed: boolean;
  readonly onToggle: () => void;
  readonly onClose: () => void;
}) {
  const { chart, path, isCollapsed, onToggle, onClose } = props;
  const state = chart.states.get(path);
  if (state === undefined) return null;
  return (
    <aside class="state-panel">
      <button type="button" class="close" onClick={onClose} aria-label="Close">
        ×
      </button>
      <h3>{path === '' ? chart.id : path}</h3>
      {state.children.length > 0 && path !== '' && (
        <button type="button" aria-expanded={!isCollapsed} onClick={onToggle}>
          {isCollapsed ? 'Show what is inside' : 'Hide what is inside'}
        </button>
      )}
      {state.invokes.length > 0 && <p>runs {state.invokes.map(({ src, id }) => src ?? id).join(', ')}</p>}
      {state.actions.length > 0 && <p>on entry or exit: {state.actions.map(referenceText).join(', ')}</p>}
      <ul>
        {state.transitions.map((transition, index) => (
          <li key={index}>
            {triggerText(transition.trigger)}
            {transition.guard !== null && <span class="guard"> if {referenceText(transition.guard)}</span>}
            {transition.targets.length > 0 && (
              <>
                {' → '}
                <code>{transition.targets.join(', ')}</code>
              </>
            )}
            {transition.actions.length > 0 && (
              <span class="note"> notes {transition.actions.map(referenceText).join(', ')}</span>
            )}
          </li>
        ))}
      </ul>
    </aside>
  );
}
