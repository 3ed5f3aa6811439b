/** A time in which a target answered, or did not. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly ok: boolean;
}

/** The stretches of one target, up to the end; before its first probe nothing is known. */
export function stretchesOf(
  probes: readonly { readonly atMs: number; readonly target: string; readonly ok: boolean }[],
  target: string,
  endMs: number,
): readonly Stretch[] {
  const stretches: { fromMs: number; toMs: number; ok: boolean }[] = [];
  for (const { atMs, ok } of probes.filter(probe => probe.target === target)) {
    const current = stretches.at(-1);
    if (current !== undefined) current.toMs = atMs;
    if (current?.ok !== ok) stretches.push({ fromMs: atMs, toMs: atMs, ok });
  }
  const open = stretches.at(-1);
  if (open !== undefined) open.toMs = Math.max(open.toMs, endMs);
  return stretches;
}

/** In ms; 0 where there was none. */
export function longestOutage(stretches: readonly Stretch[]): number {
  return Math.max(0, ...stretches.filter(({ ok }) => !ok).map(({ fromMs, toMs }) => toMs - fromMs));
}
