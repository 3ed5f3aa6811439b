import type { StepReport } from '../../../machines/uplink-migration-types.ts';
import { isAlreadyDone, isWorthAnotherLook } from '../../domain/already-done.ts';
import type { Effect } from '../../domain/effect.ts';
import { describeEffect } from '../../domain/effect-text.ts';
import { linkByIndex } from '../../domain/kernel-state.ts';
import type { StepContext } from '../../domain/steps/context.ts';
import type { Failure } from '../../errors.ts';
import { toUplinkError, uplinkError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';

/** Rounds of look and change after which a step that still wants something is told to have failed. */
const MAX_ROUNDS = 6;

/** What one step is made of. */
export interface StepWork {
  readonly name: string;
  readonly host: Host;
  readonly look: () => Promise<StepContext>;
  readonly effects: (context: StepContext) => readonly Effect[];
  readonly onEffect: (effect: Effect, text: string, failure: Failure | null) => void;
  readonly signal: AbortSignal;
}

/**
 * Carries a step out: look, change what is still to be changed, look again, until nothing is left. The last look is the proof that
 * the host shows what was asked for. An OVSDB change ends the step with the `next_cfg` to wait for: applying it is told by events.
 * Errors: the first refusal that is not "done before"; `STATE_DIFFERS` when the host does not come to rest.
 */
export async function carryOut(work: StepWork): Promise<StepReport> {
  let refusal: Failure | undefined;
  for (let round = 0; ; round += 1) {
    work.signal.throwIfAborted();
    const context = await work.look();
    const effects = work.effects(context);
    if (effects.length === 0) return reportOf(context, null);
    const nameOf = (index: number): string => linkByIndex(context.kernel, index)?.name ?? `link ${index}`;
    if (round === MAX_ROUNDS) {
      if (refusal !== undefined) throw toUplinkError(refusal);
      throw uplinkError('STATE_DIFFERS', {
        what: `${work.name}: the host does not keep what was set`,
        got: effects
          .slice(0, 5)
          .map(effect => describeEffect(effect, nameOf))
          .join('; '),
        advice: 'somebody else changes it back; see `ovs-uplink doctor`',
      });
    }
    const { nextCfg, open } = await change(work, effects, nameOf);
    refusal = open;
    // What was read before the change is older than the events since: the chart keeps those.
    if (nextCfg !== null) return { nextCfg, pendingRows: false, uplink: null, hostPort: null, addresses: [] };
  }
}

async function change(
  work: StepWork,
  effects: readonly Effect[],
  nameOf: (index: number) => string,
): Promise<{ readonly nextCfg: number | null; readonly open: Failure | undefined }> {
  const results = await work.host.apply(effects, work.signal);
  let nextCfg: number | null = null;
  let open: Failure | undefined;
  let refusal: Failure | undefined;
  for (const [index, result] of results.entries()) {
    const effect = effects[index];
    if (effect === undefined) continue;
    const failure = result.ok || isAlreadyDone(effect, result.failure) ? null : result.failure;
    work.onEffect(effect, describeEffect(effect, nameOf), failure);
    if (result.ok) nextCfg = result.nextCfg ?? nextCfg;
    if (failure === null) continue;
    if (isWorthAnotherLook(effect, failure)) open = failure;
    else refusal ??= failure;
  }
  if (refusal !== undefined) throw toUplinkError(refusal);
  return { nextCfg, open };
}

/** What a step leaves behind, for the chart's notes. */
export function reportOf(context: StepContext, nextCfg: number | null): StepReport {
  return {
    nextCfg,
    pendingRows: false,
    uplink: context.uplink ?? null,
    hostPort: context.hostPort ?? null,
    addresses:
      context.hostPort === undefined
        ? []
        : context.kernel.addresses.filter(a => a.linkIndex === context.hostPort?.index),
  };
}
