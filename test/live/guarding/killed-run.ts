import type { Layout } from '../../../src/domain/layout.ts';
import { pidsInNamespace } from '../../lab/cleanup.ts';
import { startUdpProbe, type UdpProbeResult } from '../../lab/probe.ts';
import { PLAIN_HOST } from '../../lab/rich-host.ts';
import { runCli, spawnCli } from '../support/cli.ts';
import type { Dice } from './dice.ts';
import type { GuardBench, Rest } from './guard-bench.ts';

const LAYOUTS: readonly Layout[] = ['host-port', 'bridge-port', 'exchange-names'];

/** Each flow; fine enough for outages of a millisecond, and no load. */
const RATE_HZ = 1000;

/** The cutover, or the way back of a restore, with what comes after it: some tens of ms that most random instants would miss. */
const CUTOVER_MS = 120;

/** From when on the random instant counts. */
interface Anchor {
  readonly name: string;
  /** State to wait for; null: not at all. */
  readonly migrating: string | null;
  readonly restoring: string | null;
  readonly spanMs: number;
}

function anchorsOf(spanMs: number): readonly Anchor[] {
  const start = { name: 'its start', migrating: null, restoring: null, spanMs };
  const armed = { name: 'its guard was armed', migrating: 'preparing.writingJournal', restoring: 'committed', spanMs };
  const cutover = {
    name: 'the cutover began',
    migrating: 'cuttingOver',
    restoring: 'rollingBack',
    spanMs: Math.min(spanMs, CUTOVER_MS),
  };
  // As often as it is worth: before the first change there is nothing to lose.
  return [start, armed, armed, armed, cutover, cutover, cutover, cutover];
}

/** One run that was killed at a random instant. */
export interface KilledRun extends Rest {
  /** What was killed, and when: to be read by people. */
  readonly story: string;
  /** State that it had told of last; null before the first. */
  readonly diedIn: string | null;
  /** Longest outage of any flow over the whole time. */
  readonly outageMs: number;
  /** From the kill to the end of the last outage; 0 when there was none after it. */
  readonly reachableMs: number;
  /** From the kill until no process of ours was left. */
  readonly settledMs: number;
}

/**
 * Starts a migration (or a restore) with the program's own default guard under a probe, kills it with SIGKILL at an instant that the dice choose,
 * and waits for the guard, which nobody calls. `spanMs`: how long an undisturbed run takes after its guard is armed.
 */
export async function killAtRandom(bench: GuardBench, dice: Dice, spanMs: number): Promise<KilledRun> {
  const { lab } = bench;
  const layout = dice.pick(LAYOUTS);
  const isRestore = dice.next() < 0.2;
  const isConfirming = dice.next() < 0.15 && !isRestore;
  const anchor = dice.pick(anchorsOf(spanMs));
  const delayMs = dice.next() * anchor.spanMs;
  const request = ['migrate', '-i', lab.uplinkName, '-b', 'br-ext', '--layout', layout];
  if (isRestore) {
    const { code, stdout } = await runCli(lab, request);
    if (code !== 0) throw new Error(`not migrated: ${stdout}`);
  }
  await using probe = await startUdpProbe(lab, {
    clientNs: lab.farNs,
    serverNs: lab.hostNs,
    targets: [PLAIN_HOST.ipv4, PLAIN_HOST.ipv6],
    rateHz: RATE_HZ,
  });
  const probedAt = performance.now();
  const probePids = await pidsInNamespace(lab.hostNs);

  const args = isRestore ? ['restore', '-i', lab.uplinkName] : request;
  const run = spawnCli(lab, isConfirming ? [...args, '--confirm-within', '60s'] : args, { guard: 'default' });
  const awaited = isRestore ? anchor.restoring : anchor.migrating;
  if (awaited !== null) await run.state(awaited);
  await new Promise(resolve => setTimeout(resolve, delayMs));
  const killedAt = performance.now();
  run.kill('SIGKILL');
  const ended = await run.ended;
  await bench.awaitQuiet(probePids);
  const settledMs = performance.now() - killedAt;
  await probe.progress(100);
  const results = Object.values(await probe.stop());
  const diedIn = ended.events.findLast(event => event.type === 'state')?.state ?? null;
  const what = `${isRestore ? 'restore' : 'migrate'}, ${layout}${isConfirming ? ', to be confirmed' : ''}`;
  const when = `${delayMs.toFixed(1)} ms after ${anchor.name}`;
  return {
    ...(await bench.judge()),
    story: `${what}, killed ${when}${ended.code === 137 ? '' : ` (it had ended with ${ended.code})`}, last in ${diedIn}`,
    diedIn,
    outageMs: Math.max(...results.map(result => result.longestGapMs)),
    reachableMs: Math.max(...results.map(result => lastOutageEndMs(result, killedAt - probedAt))),
    settledMs,
  };
}

/** When the last outage ended that ended after the kill, counted from it. */
function lastOutageEndMs({ lostSpans }: UdpProbeResult, killedMs: number): number {
  return Math.max(0, ...lostSpans.map(span => span.toMs - killedMs));
}
