import { isSetOffBy } from '../failure-transitions.ts';
import type { ChartState, ChartTransition } from '../graph.ts';
import type { Subject } from '../rule.ts';
import { referenceText } from '../text.ts';
import { isWithin } from '../walk.ts';

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly labels: readonly string[];
}

/**
 * The chart as a Mermaid state diagram. Arrows between the same two states are one; failures set off an arrow without a label, since a picture
 * with all their names in it could not be read, and there is a table of them. Arrows inside a compound state stand in its block, all others at
 * the end. An arrow from a state to one inside it is a note: Mermaid would make a circle of it, or put the inner state outside.
 */
export function drawMermaid(subject: Subject): string {
  const { graph } = subject.walk;
  const states = [...graph.states.values()];
  const arrows = arrowsOf(subject, states);
  const inward = arrows.filter(({ from, to }) => isWithin(to, from));
  const outer = arrows.filter(arrow => !inward.includes(arrow) && blockOf(subject, arrow) === null);
  const block = (path: string, depth: number): readonly string[] => {
    const indent = '  '.repeat(depth);
    const { children, initial } = subject.walk.state(path);
    const own = arrows.filter(arrow => !inward.includes(arrow) && blockOf(subject, arrow) === path);
    return [
      ...(initial === null ? [] : [`${indent}[*] --> ${idOf(initial)}`]),
      ...children.flatMap(child => {
        const name = child.split('.').at(-1);
        const nested = subject.walk.state(child).children.length > 0;
        if (!nested) return [`${indent}state "${name}" as ${idOf(child)}`];
        return [`${indent}state "${name}" as ${idOf(child)} {`, ...block(child, depth + 1), `${indent}}`];
      }),
      ...own.map(arrow => `${indent}${arrowText(arrow)}`),
    ];
  };
  return [
    'stateDiagram-v2',
    ...block('', 1),
    ...outer.map(arrow => `  ${arrowText(arrow)}`),
    ...states
      .filter(({ kind, path }) => kind === 'final' && !path.includes('.'))
      .map(({ path }) => `  ${idOf(path)} --> [*]`),
    ...inward.map(
      ({ from, to, labels }) => `  note right of ${idOf(from)} : ${labels.join(', ') || 'failure'} → ${to}`,
    ),
  ].join('\n');
}

function arrowsOf(subject: Subject, states: readonly ChartState[]): readonly Arrow[] {
  const arrows = new Map<string, Arrow>();
  for (const { path, transitions } of states) {
    for (const transition of transitions) {
      for (const to of transition.targets) {
        const key = `${path} ${to}`;
        const labels = arrows.get(key)?.labels ?? [];
        const label = labelOf(subject, transition);
        const isNew = label !== null && !labels.includes(label);
        arrows.set(key, { from: path, to, labels: isNew ? [...labels, label] : labels });
      }
    }
  }
  return [...arrows.values()];
}

/** The compound state in whose block an arrow stands: that of both its ends; the root's is the empty path, null is none. */
function blockOf(subject: Subject, { from, to }: Arrow): string | null {
  const parent = subject.walk.state(from).parent;
  return parent === subject.walk.state(to).parent ? parent : null;
}

/** Null for a failure. */
function labelOf({ declared }: Subject, transition: ChartTransition): string | null {
  if (declared.failures.some(kind => isSetOffBy(kind, transition, declared.pauses))) return null;
  const condition = transition.guard === null ? '' : `[${referenceText(transition.guard)}]`;
  return [triggerLabel(transition), condition].filter(Boolean).join(' ').replaceAll(/[:;#]/g, '');
}

function triggerLabel({ trigger, guard }: ChartTransition): string {
  switch (trigger.kind) {
    case 'always':
      return guard === null ? 'else' : '';
    case 'event':
      return trigger.event;
    case 'after':
      return trigger.delay;
    default:
      return trigger.kind;
  }
}

function arrowText({ from, to, labels }: Arrow): string {
  const arrow = `${idOf(from)} --> ${idOf(to)}`;
  return labels.length === 0 ? arrow : `${arrow} : ${labels.join(', ')}`;
}

/** Mermaid takes no dots in a name. */
function idOf(path: string): string {
  return path.replaceAll('.', '_');
}
