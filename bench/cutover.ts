/**
 * What a move of the uplink costs the traffic, for our layouts and beside the peers' orders, there and back:
 *
 *   node bench/cutover.ts [--runs 20] [--peer-runs 10] [--rate 2000] [--only TEXT] [--max-minutes 16] [--json FILE]     (root)
 *
 * Every run has a lab of its own. The contestants take turns, so that a busy machine hits all of them alike. The
 * lab's Open vSwitch runs in real time and the probes at nice -10; what carries out an order begins like any process.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { LAB_ADDRESSES, type Lab, labNeeds } from '../test/lab/lab.ts';
import { startTcpProbe, startUdpProbe, type TcpProbeResult, type UdpProbeResult } from '../test/lab/probe.ts';
import { PLAIN_HOST } from '../test/lab/rich-host.ts';
import { createBenchLab, orderInput } from './bench-lab.ts';
import { CONTESTANTS, type Contestant } from './orders/catalogue.ts';
import { startWorker, type WayReport } from './orders/start-worker.ts';
import { describeMachine, printTable, quantile, spread } from './report.ts';

/** `still`: nothing is done, the traffic goes over the bridge; shows what the lab loses by itself. */
type Way = 'there' | 'still' | 'back';

/** One way of one run. */
interface Sample {
  readonly contestant: string;
  readonly way: Way;
  readonly run: number;
  /** Null for `still`. */
  readonly report: WayReport | null;
  /** Wall-clock ms at which the UDP probe was seen to flow; its own times count from a few ms before. */
  readonly flowingAtMs: number;
  /** By address of the host. */
  readonly udp: Readonly<Record<string, UdpProbeResult>>;
  readonly tcp: TcpProbeResult;
}

interface Failed {
  readonly contestant: string;
  readonly way: Way;
  readonly run: number;
  readonly message: string;
}

/** Answers of every flow before the change, and after it. */
const ANSWERS_BEFORE = 200;
const ANSWERS_AFTER = 1000;
/** A probe that is later than this sends a burst, which a userspace datapath drops by itself: such a way proves nothing. */
const LATE_MS = 25;
const HOST = [PLAIN_HOST.ipv4, PLAIN_HOST.ipv6];
const TITLES: Record<Way, string> = {
  there: 'The way there (median / p95 / worst of each run)',
  still: 'Control: on the bridge, nothing is done, for about as long as a move takes',
  back: 'The way back (median / p95 / worst of each run)',
};

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    'peer-runs': { type: 'string', default: '10' },
    rate: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
    'max-minutes': { type: 'string', default: '16' },
    json: { type: 'string' },
  },
});

const needs = labNeeds();
if (needs.length > 0) console.error(`SKIPPED: no namespace lab here: ${needs.join('; ')}`);
else await main();

async function main(): Promise<void> {
  const contestants = CONTESTANTS.filter(({ name }) => name.includes(values.only));
  const runsOf = ({ isOurs }: Contestant): number => Number(isOurs ? values.runs : values['peer-runs']);
  const rounds = Math.max(...contestants.map(runsOf));
  const endMs = performance.now() + Number(values['max-minutes']) * 60_000;
  const samples: Sample[] = [];
  const failed: Failed[] = [];
  console.log(`Cutover: ${values.rate} Hz UDP echo in each family and a TCP stream of 1 MB/s; ${describeMachine()}`);
  let isLate = false;
  for (let run = 0; run < rounds && !isLate; run += 1) {
    for (const contestant of contestants) {
      isLate = performance.now() > endMs;
      if (run < runsOf(contestant) && !isLate) await measure(contestant, run, samples, failed);
    }
    if (isLate) console.log(`the time was over in round ${run + 1} of ${rounds}`);
  }
  for (const way of ['there', 'back', 'still'] as const) printWay(way, contestants, samples, failed);
  for (const { contestant, way, run: number, message } of failed) {
    console.log(`run ${number} of ${contestant}, ${way}, has no figures: ${message}`);
  }
  for (const sample of samples.filter(each => lostOf(each) > 0)) printLosses(sample, contestants);
  console.log();
  for (const contestant of contestants) printGoal(contestant, samples, failed);
  const still = samples.filter(({ way }) => way === 'still');
  console.log(
    `the lab by itself, with nothing done: something lost in ${still.filter(lostOf).length} of ${still.length}`,
  );
  console.log(describeMachine());
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify({ samples, failed }));
}

async function measure(contestant: Contestant, run: number, samples: Sample[], failed: Failed[]): Promise<void> {
  let way: Way = 'there';
  try {
    await using lab = await createBenchLab();
    for (way of ['there', 'still', 'back'] as const) {
      if (way === 'still' && !contestant.isOurs) continue;
      if (way === 'back' && contestant.order.prepareBack === null) continue;
      samples.push({ contestant: contestant.name, way, run, ...(await measureWay(lab, contestant, way)) });
    }
  } catch (error) {
    failed.push({ contestant: contestant.name, way, run, message: String(error).slice(0, 600) });
  }
}

async function measureWay(
  lab: Lab,
  contestant: Contestant,
  way: Way,
): Promise<Omit<Sample, 'contestant' | 'way' | 'run'>> {
  const input = orderInput(lab, contestant.layout);
  await using worker = way === 'still' ? null : await startWorker(lab, { contestant: contestant.name, way, input });
  const inward = { clientNs: lab.farNs, serverNs: lab.hostNs, targets: HOST, rateHz: Number(values.rate) };
  const outward = { clientNs: lab.hostNs, serverNs: lab.farNs, target: LAB_ADDRESSES.far4 };
  await using udp = await startUdpProbe(lab, inward);
  const flowingAtMs = performance.timeOrigin + performance.now();
  await using tcp = await startTcpProbe(lab, outward);
  await Promise.all([udp.progress(ANSWERS_BEFORE), tcp.progress(10_000)]);
  const report = worker === null ? null : await worker.go();
  await Promise.all([udp.progress(ANSWERS_AFTER), tcp.progress(100_000)]);
  return { report, flowingAtMs, udp: await udp.stop(), tcp: await tcp.stop() };
}

function printWay(
  way: Way,
  contestants: readonly Contestant[],
  samples: readonly Sample[],
  failed: readonly Failed[],
): void {
  const of = (name: string): Sample[] => samples.filter(sample => sample.contestant === name && sample.way === way);
  const takenMs = (name: string): number[] => of(name).map(({ report }) => report?.durationMs ?? Number.NaN);
  const oursMs = quantile(takenMs(contestants[0]?.name ?? ''), 0.5);
  const rows: string[][] = [];
  for (const { name } of contestants) {
    const own = of(name);
    if (own.length === 0) continue;
    const broken = failed.filter(each => each.contestant === name && each.way === way).length;
    const gaps = (address: string): number[] => own.map(({ udp }) => udp[address]?.longestGapMs ?? Number.NaN);
    const order =
      way === 'still' ? [] : [spread(takenMs(name)), `x${(quantile(takenMs(name), 0.5) / oursMs).toFixed(2)}`];
    rows.push([
      name,
      broken === 0 ? `${own.length}` : `${own.length} (+${broken})`,
      spread(own.map(lostOf)),
      spread(gaps(PLAIN_HOST.ipv4)),
      spread(gaps(PLAIN_HOST.ipv6)),
      spread(own.map(duplicatesOf)),
      spread(own.map(({ tcp }) => tcp.longestStallMs)),
      spread(own.map(lateMs)),
      ...order,
    ]);
  }
  if (rows.length === 0) return;
  const head = ['', 'runs', 'lost', 'IPv4 gap ms', 'IPv6 gap ms', 'duplicates', 'TCP stall ms', 'probe late ms'];
  printTable(TITLES[way], way === 'still' ? head : [...head, 'order takes ms', 'x ours'], rows);
}

function printGoal({ name, isOurs }: Contestant, samples: readonly Sample[], failed: readonly Failed[]): void {
  const own = samples.filter(sample => sample.contestant === name && sample.way !== 'still');
  const lossless = own.filter(sample => lostOf(sample) === 0 && sample.tcp.reset === null).length;
  const clean = own.filter(sample => duplicatesOf(sample) < 10).length;
  const broken = failed.filter(each => each.contestant === name && each.way !== 'still').length;
  const isKept = lossless === own.length && clean === own.length && broken === 0;
  const verdict = isOurs ? `goal ${isKept ? 'kept' : 'MISSED'}: ` : '';
  const onTime = own.filter(sample => lateMs(sample) <= LATE_MS);
  const onTimeLossless = onTime.filter(sample => lostOf(sample) === 0).length;
  const onTimeClean = onTime.filter(sample => duplicatesOf(sample) < 10).length;
  console.log(
    `${verdict}${name}: nothing lost in ${lossless} of ${own.length} ways, under 10 duplicates in ${clean}${broken === 0 ? '' : `, ${broken} failed`};` +
      ` with the probe never ${LATE_MS} ms late: ${onTimeLossless} and ${onTimeClean} of ${onTime.length}`,
  );
}

/** Says at which moment of an order of ours something was lost, or that nothing was being done then. */
function printLosses(
  { contestant, way, run, report, flowingAtMs, udp }: Sample,
  contestants: readonly Contestant[],
): void {
  if (contestants.find(({ name }) => name === contestant)?.isOurs !== true) return;
  for (const [address, { lostSpans }] of Object.entries(udp)) {
    for (const { firstNumber, lastNumber, fromMs, toMs } of lostSpans) {
      const since = (report?.startedAtMs ?? flowingAtMs) - flowingAtMs;
      const states = (report?.marks ?? []).filter(({ text, atMs }) => !text.startsWith(' ') && atMs <= fromMs - since);
      const isOver = report === null || fromMs - since > report.durationMs;
      const state = isOver ? 'nothing was being done' : (states.at(-1)?.text ?? 'before the first change');
      console.log(
        `run ${run} of ${contestant}, ${way}: ${lastNumber - firstNumber + 1} lost to ${address},` +
          ` ${(fromMs - since).toFixed(0)} to ${(toMs - since).toFixed(0)} ms after the start (within 20 ms): ${state}`,
      );
    }
  }
}

function lateMs({ udp }: Sample): number {
  return Math.max(...Object.values(udp).map(result => result.longestSendStallMs));
}

function lostOf({ udp }: Sample): number {
  return Object.values(udp).reduce((sum, { lost }) => sum + lost, 0);
}

function duplicatesOf({ udp }: Sample): number {
  return Object.values(udp).reduce((sum, { duplicates }) => sum + duplicates, 0);
}
