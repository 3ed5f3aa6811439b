import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EffectResult } from '../../src/domain/effect.ts';
import { applyEffects } from '../../src/host/linux-effects.ts';
import type { KernelEffect } from '../../src/host/simulated/kernel/kernel-model.ts';
import { createKernelModel } from '../../src/host/simulated/kernel/kernel-model.ts';
import { createVirtualClock } from '../../src/host/simulated/virtual-clock.ts';
import type { IngressDrops, Netlink } from '../../src/netlink/index.ts';
import { openIngressDrops, openNetlink } from '../../src/netlink/index.ts';
import { canMakeNamespaces, createNamespace, type Namespace } from '../netlink/netns-lab.ts';
import { outcome } from './conforming/kernel/compare.ts';

const NAMES = ['m0', 'm1', 'm2', 'gone'];
const FIXED_SEED = 20_261_121;
const RUNS = 25;

const ref = fc.constantFrom(...NAMES).map(name => ({ index: 0, name }));
const effect: fc.Arbitrary<KernelEffect> = fc.oneof(
  { weight: 3, arbitrary: ref.map(link => ({ op: 'ingress.mute' as const, link })) },
  { weight: 1, arbitrary: ref.map(link => ({ op: 'ingress.unmute' as const, link })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(ref, ref)
      .filter(([from, to]) => from.name !== to.name)
      .map(([from, to]) => ({ op: 'ingress.hand-over' as const, from, to, drain: false })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(2, 3), fc.constantFrom(...NAMES))
      .map(([index, to]) => ({ op: 'link.rename' as const, link: { index, name: '' }, to })),
  },
);

describe.skipIf(!canMakeNamespaces)('the kernel model drops on ingress as the kernel', () => {
  let ns: Namespace;
  let netlink: Netlink;
  let drops: IngressDrops;
  beforeAll(() => {
    ns = createNamespace('ingress');
    for (const name of ['m0', 'm1']) ns.ip('link', 'add', name, 'type', 'ifb');
    netlink = openNetlink({ netnsPath: ns.path });
    drops = openIngressDrops({ netnsPath: ns.path });
  });
  afterAll(async () => {
    await drops?.[Symbol.asyncDispose]();
    await netlink?.close();
    ns?.remove();
  });

  const means = () => {
    const never = () => {
      throw new Error('not part of these sequences');
    };
    return {
      netlink,
      drops: () => drops,
      askOwner: never,
      netnsFd: never,
      writeSysctl: never,
      commit: never,
      withDrain: never,
    };
  };

  async function apply(one: KernelEffect): Promise<EffectResult> {
    const [result] = await applyEffects([one], means(), new AbortController().signal);
    return result!;
  }

  test.for([FIXED_SEED, FIXED_SEED + 1])('seed %i', async seed => {
    const property = fc.asyncProperty(fc.array(effect, { minLength: 1, maxLength: 10, size: 'max' }), async effects => {
      await drops.remove();
      for (const name of ['r2', 'r3', 'm0', 'm1'])
        await netlink.setLink(/[03]$/.test(name) ? 3 : 2, { name }).catch(() => undefined);
      const state = await netlink.readKernelState();
      const model = createKernelModel({ clock: createVirtualClock(), state, sysctls: {}, liveRename: true });
      for (const one of effects) {
        expect(outcome(model.apply(one)), JSON.stringify(one)).toBe(outcome(await apply(one)));
        expect([...model.mutedLinks()].sort(), JSON.stringify(one)).toEqual([...(await drops.list())].sort());
      }
    });
    await fc.assert(property, { seed, numRuns: RUNS });
  });
});
