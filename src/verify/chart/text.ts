import type { ChartTransition, NamedReference, Trigger } from './graph.ts';

/** `on ABORT`, `after stepDeadline`, `error of forwardStep`. */
export function triggerText(trigger: Trigger): string {
  switch (trigger.kind) {
    case 'always':
      return 'always';
    case 'event':
      return `on ${trigger.event}`;
    case 'after':
      return `after ${trigger.delay}`;
    case 'done':
      return `${trigger.actor} done`;
    case 'error':
      return `error of ${trigger.actor}`;
    case 'finished':
      return 'finished';
  }
}

/** `resumesAt(entry: assessing)`. */
export function referenceText({ name, params }: NamedReference): string {
  if (name === null) return '(a function)';
  if (typeof params !== 'object' || params === null) return name;
  const text = Object.entries(params).map(([key, value]) => `${key}: ${String(value)}`);
  return `${name}(${text.join(', ')})`;
}

/** `on ABORT → rollingBack`, with its guard where it has one. */
export function transitionText({ trigger, guard, targets }: ChartTransition): string {
  const condition = guard === null ? '' : ` [${referenceText(guard)}]`;
  return `${triggerText(trigger)}${condition}${targets.length === 0 ? '' : ` → ${targets.join(', ')}`}`;
}

/** The name of a state for people: the root has none. */
export function stateText(path: string): string {
  return path === '' ? '(root)' : path;
}
