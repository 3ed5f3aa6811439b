import { formatProbe } from '../../domain/request.ts';
import { uplinkError } from '../../errors.ts';
import type { ProbeOutcome } from '../../host/host.ts';
import type { Session } from './session.ts';

/**
 * Every target that answered before must answer again, within the limit; those that did not answer before do not count (F-123). Rejects with
 * `PROBE_FAILED`, naming each that is silent now.
 */
export async function verifyProbes(
  { host, clock, baseline }: Session,
  links: readonly number[],
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const dueAt = clock.now() + limitMs;
  const failed = await Promise.all(baseline.map(before => verifyOne(before)));
  const silent = failed.flat();
  if (silent.length === 0) return;
  throw uplinkError('PROBE_FAILED', {
    what: 'what answered before the change does not answer after it',
    object: silent.join(', '),
    advice: 'see whether the bridge forwards: `ovs-appctl fdb/show`, `ovs-ofctl dump-flows`',
  });

  async function verifyOne(before: ProbeOutcome): Promise<readonly string[]> {
    const wanted = before.targets.filter(target => target.passed).map(target => target.target);
    if (wanted.length === 0) return [];
    for (;;) {
      const leftMs = dueAt - clock.now();
      const now = await host.probe(before.probe, links, Math.max(1, leftMs), signal);
      const missing = wanted.filter(target => !now.targets.some(t => t.target === target && t.passed));
      if (missing.length === 0) return [];
      // Neighbour discovery takes its own time; a command or a refused connection is asked once.
      if (before.probe.kind !== 'gateway' || clock.now() >= dueAt) {
        const name = formatProbe(before.probe);
        return missing.map(target => (target === name ? name : `${name} ${target}`));
      }
    }
  }
}
