import type { MigrationDelays } from './delays.ts';

/** The part of a snapshot that says where the chart is. */
interface Standing {
  readonly _nodes: readonly { readonly after: readonly { readonly delay: unknown }[] }[];
}

/**
 * For how long at most the chart stays in its present state, in ms: its nearest deadline, counted from now. Null where it has none: it
 * leaves such a state at once, or rests there.
 */
export function stayLimitMs(snapshot: Standing, delays: MigrationDelays): number | null {
  const names = snapshot._nodes.flatMap(node => node.after.map(({ delay }) => String(delay)));
  const limits = names.map(name => {
    const delay = delays[name as keyof MigrationDelays];
    return typeof delay === 'function' ? delay() : delay;
  });
  return limits.length === 0 ? null : Math.min(...limits);
}
