import { release } from 'node:os';
import { canRenameLive } from '../../../../src/domain/precheck/names.ts';
import type { KernelEvent, NewLink } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import { createKernelModel } from '../../../../src/host/simulated/kernel/kernel-model.ts';
import { createVirtualClock } from '../../../../src/host/simulated/virtual-clock.ts';
import type { Bench } from './bench.ts';
import { NEW_LINK_MAC } from './bench.ts';
import { differences, eventLines, outcome, picture } from './compare.ts';
import { isKnownDifference } from './known-differences.ts';
import type { Operation } from './operation.ts';
import { describeAct, resolve } from './operation.ts';
import { LINKS } from './random-links.ts';

/** What both sides did with a sequence. */
export interface Verdict {
  /** The operations as they were carried out, with their outcomes. */
  readonly story: readonly string[];
  /** Empty when the model did as the kernel. */
  readonly differences: readonly string[];
}

/** What of the notifications counts. */
export interface Strictness {
  /**
   * `compared` (default): each after its operation. `awaited`: they may come later: before 6.8 a look-up does not wait for a carrier that the kernel
   * has yet to note, so nothing tells to which operation a notification belongs; only outcomes and the state at the end are compared.
   */
  readonly events?: 'compared' | 'awaited';
  /**
   * `newest` (default): errno and text are compared. `older`: a kernel from before the model may leave the text out, and find another fault first,
   * see {@link FOUND_LATER}.
   */
  readonly refusals?: 'newest' | 'older';
  /**
   * `looked-up` (default): a look-up lets the kernel note them. `waited-for`: after each operation the bench waits until the kernel has noted them all,
   * which takes a kernel before 6.8 up to a second: it notes a link that went down with the timer only, so one that comes up at once without a
   * carrier still tells the state it had, and the ends of a pair come in the order of what is left over.
   */
  readonly carriers?: 'looked-up' | 'waited-for';
}

/**
 * Faults for which an older kernel looks after others: 6.1 looks at the legs of an IPv6 multipath route one by one (rtm_to_fib6_multipath_config
 * came later), and at an address's lifetimes after its link and, with IPv6, after the addresses that are there (inet_validate_rtm came later).
 */
const FOUND_LATER = [
  'EINVAL: Device only routes',
  'EINVAL: ipv4: address lifetime invalid',
  'EINVAL: ipv6: address lifetime invalid',
];

/** Runs one sequence on the bench and on a model of it; stops at the first difference. */
export async function runSequence(
  bench: Bench,
  operations: readonly Operation[],
  { events: strictness = 'compared', refusals = 'newest', carriers = 'looked-up' }: Strictness = {},
): Promise<Verdict> {
  const isSame = (expected: string, got: string): boolean =>
    expected === got ||
    (refusals === 'older' &&
      (expected.startsWith(`${got}: `) || (got !== 'ok' && FOUND_LATER.some(fault => expected.startsWith(fault)))));
  await bench.reset();
  if (carriers === 'waited-for') await bench.noteCarriers();
  const model = createKernelModel({
    clock: createVirtualClock(),
    state: bench.pristine,
    sysctls: bench.sysctls,
    defaults: bench.defaults,
    liveRename: canRenameLive(release()) ?? true,
    nextIndex: bench.nextIndex(),
  });
  model.updateLink(LINKS.n3, { carrier: false });
  const told: KernelEvent[] = [];
  model.subscribe(event => told.push(event));
  const story: string[] = [];
  const before = differences(picture(model.read({ routes: true })), picture(await bench.read()));
  if (before.length > 0) return { story: ['(before the first operation)'], differences: before };
  for (const operation of operations) {
    const act = resolve(operation, model.read({ routes: true }));
    if (act === undefined || isKnownDifference(act, model.read({ routes: true }))) continue;
    let difference: readonly string[] = [];
    if (act.kind === 'carrier') {
      model.updateLink(act.link, { carrier: act.carrier });
      await bench.setCarrier(act.link, act.carrier);
      story.push(describeAct(act));
    } else if (act.kind === 'add-link') {
      const made = model.addLink(newLink(act.name, act.up));
      const expected = outcome('code' in made ? { ok: false, failure: made } : { ok: true });
      const got = outcome(await bench.addLink(act));
      story.push(`${describeAct(act)} → ${got}`);
      if (!isSame(expected, got)) difference = [`model: ${expected}, kernel: ${got}`];
    } else {
      const expected = outcome(model.apply(act.effect));
      const got = outcome(await bench.apply(act.effect));
      story.push(`${describeAct(act)} → ${got}`);
      if (!isSame(expected, got)) difference = [`model: ${expected}, kernel: ${got}`];
    }
    if (carriers === 'waited-for') await bench.noteCarriers();
    const lines = eventLines(told.splice(0));
    const events = eventLines(
      await bench.events(seen => {
        const now = eventLines(seen);
        return now.ipv6.length >= lines.ipv6.length && now.sync.length >= lines.sync.length;
      }),
    );
    if (strictness === 'compared') {
      difference = [...difference, ...differences(lines.sync, events.sync), ...differences(lines.ipv6, events.ipv6)];
    }
    if (difference.length > 0) return { story, differences: difference };
  }
  const compareEnd = async () => differences(picture(model.read({ routes: true })), picture(await bench.read()));
  const atEnd = await compareEnd();
  if (atEnd.length === 0 || strictness === 'compared') return { story, differences: atEnd };
  await bench.noteCarriers();
  return { story, differences: await compareEnd() };
}

const IFF_UP = 0x1;
const IFF_BROADCAST = 0x2;
const IFF_NOARP = 0x80;

/** What the kernel makes of a new ifb. */
function newLink(name: string, up: boolean): NewLink {
  return {
    name,
    kind: 'ifb',
    mac: NEW_LINK_MAC,
    flags: IFF_BROADCAST | IFF_NOARP | (up ? IFF_UP : 0),
    txQueueLength: 32,
    minMtu: null,
    maxMtu: null,
  };
}
