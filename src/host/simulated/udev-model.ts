import type { EffectResult } from '../../domain/effect.ts';
import type { Link } from '../../domain/link.ts';
import type { Clock } from '../../engine/clock.ts';
import type { KernelModel } from './kernel/kernel-model.ts';

/** What a `.link` file does to the links that it matches; plain data, so that an explorer can enumerate the moments. */
export interface UdevRule {
  /** One link, as a path match finds it; or all with a MAC, among which a host port may be (F-14). */
  readonly match: { readonly index: number } | { readonly mac: string };
  /** `move` is the uevent of a rename: systemd up to 253 applies altnames at it again (F-01), later ones only at `add` (F-04). */
  readonly on: readonly ('add' | 'move')[];
  /** `AlternativeName=`; the name that the link has by then is left out. */
  readonly altnames: readonly string[];
  /** `Name=`: the link is renamed to it (F-13); null for `NamePolicy=keep`. */
  readonly name: string | null;
  /** One try after each of these delays; the moment is the kernel's and the machine's load's, never ours. */
  readonly afterMs: readonly number[];
}

/** One thing that udev tried. */
export interface UdevAttempt {
  readonly atMs: number;
  readonly linkIndex: number;
  readonly altname: string | null;
  readonly name: string | null;
  /** What the kernel said; udev itself only logs it. */
  readonly result: EffectResult;
}

/** systemd-udevd of one simulated host. */
export interface UdevModel {
  /** Everything tried so far. */
  readonly attempts: readonly UdevAttempt[];
  /** Gives a link an altname now, as `udevadm trigger` or a person may at any moment. */
  giveAltname(linkIndex: number, altname: string): EffectResult;
  /** Handles the link as if it had just appeared. */
  trigger(linkIndex: number): void;
  /** Tries that still wait. */
  pending(): number;
  /** Ends it; what waits is forgotten. */
  stop(): void;
}

/** Starts udev: links that are there have been handled. */
export function createUdevModel(options: {
  readonly clock: Clock;
  readonly kernel: KernelModel;
  readonly rules: readonly UdevRule[];
}): UdevModel {
  const { clock, kernel, rules } = options;
  const names = new Map(kernel.read({ routes: false }).links.map(link => [link.index, link.name]));
  const timers = new Set<unknown>();
  const attempts: UdevAttempt[] = [];

  const find = (index: number): Link | undefined =>
    kernel.read({ routes: false }).links.find(link => link.index === index);

  function attempt(link: Link, altname: string | null, name: string | null): EffectResult {
    const ref = { index: link.index, name: link.name };
    const result =
      altname !== null
        ? kernel.apply({ op: 'altname.add', link: ref, altname })
        : kernel.apply({ op: 'link.rename', link: ref, to: name ?? link.name });
    attempts.push({ atMs: clock.now(), linkIndex: link.index, altname, name, result });
    return result;
  }

  function carryOut(rule: UdevRule, index: number): void {
    const link = find(index);
    if (link === undefined) return;
    if (rule.name !== null && link.name !== rule.name) attempt(link, null, rule.name);
    for (const altname of rule.altnames) {
      const now = find(index);
      if (now !== undefined && now.name !== altname && !now.altnames.includes(altname)) attempt(now, altname, null);
    }
  }

  function handle(link: Link, event: 'add' | 'move'): void {
    for (const rule of rules) {
      const isMatch = 'index' in rule.match ? rule.match.index === link.index : rule.match.mac === link.mac;
      if (!isMatch || !rule.on.includes(event)) continue;
      for (const delayMs of rule.afterMs) {
        const timer = clock.setTimeout(() => {
          timers.delete(timer);
          carryOut(rule, link.index);
        }, delayMs);
        timers.add(timer);
      }
    }
  }

  const unsubscribe = kernel.subscribe(event => {
    if (event.type === 'netlink.link.removed') names.delete(event.link.index);
    if (event.type !== 'netlink.link.changed') return;
    const { link } = event;
    const known = names.get(link.index);
    names.set(link.index, link.name);
    if (known === undefined) handle(link, 'add');
    else if (known !== link.name) handle(link, 'move');
  });

  return {
    attempts,
    giveAltname(linkIndex, altname) {
      const link = find(linkIndex);
      if (link !== undefined) return attempt(link, altname, null);
      const failure = { code: 'NETLINK_REFUSED', what: 'cannot add altname', errno: 19, errnoName: 'ENODEV' } as const;
      return { ok: false, failure: { ...failure, object: altname } };
    },
    trigger(linkIndex) {
      const link = find(linkIndex);
      if (link !== undefined) handle(link, 'add');
    },
    pending: () => timers.size,
    stop() {
      unsubscribe();
      for (const timer of timers) clock.clearTimeout(timer);
      timers.clear();
    },
  };
}
