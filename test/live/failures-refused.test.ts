import { afterAll, beforeAll, expect, it } from 'vitest';
import { captureHost } from '../lab/host-image.ts';
import type { Lab } from '../lab/lab.ts';
import { describeLive } from '../lab/live.ts';
import { benchOf, createBench, type FaultBench } from './failing/fault-bench.ts';
import { type Ended, storyOf } from './failing/run-acting.ts';
import { supportsVlan } from './failing/supports-vlan.ts';

const LIMIT_MS = 120_000;

/** A host on which a migration must not begin: how it becomes that, how it is undone, what the refusal says. */
interface Obstacle {
  readonly title: string;
  readonly make: (lab: Lab) => Promise<unknown>;
  readonly undo: (lab: Lab) => Promise<unknown>;
  readonly says: readonly RegExp[];
  /** Arguments instead of `-i eth0 -b br-ext`. */
  readonly args?: readonly string[];
}

const OBSTACLES: readonly Obstacle[] = [
  {
    title: 'ovsdb-server does not run',
    make: lab => lab.stopOvsdb(),
    undo: lab => lab.startOvsdb(),
    says: [/OVSDB|ovsdb/],
  },
  {
    title: 'ovs-vswitchd does not run',
    make: lab => lab.stopVswitchd(),
    undo: lab => lab.startVswitchd(),
    says: [/vswitchd/],
  },
  {
    title: 'ovs-vswitchd is stopped',
    make: async lab => lab.pauseVswitchd(),
    undo: async lab => lab.resumeVswitchd(),
    says: [/vswitchd/],
  },
  {
    title: 'flow-restore-wait stays true',
    make: async lab => {
      await lab.stopVswitchd();
      await lab.startVswitchd({ flowRestoreWait: true });
    },
    undo: async lab => {
      await lab.stopVswitchd();
      await lab.startVswitchd({ flowRestoreWait: false });
    },
    says: [/flow-restore-wait/],
  },
  {
    title: 'a bridge of that name is owned by someone else',
    make: lab => lab.vsctl('add-br', 'br-ext'),
    undo: lab => lab.vsctl('del-br', 'br-ext'),
    says: [/br-ext/, /not (ours|made|created)|owned|somebody|someone/],
  },
  {
    title: 'a link has the name of the bridge',
    make: lab => addLink(lab, 'br-ext'),
    undo: lab => lab.hostIp('link', 'del', 'br-ext'),
    says: [/br-ext/],
  },
  {
    title: 'another link has the name of the bridge as altname',
    make: async lab => {
      await addLink(lab, 'other0');
      await lab.hostIp('link', 'property', 'add', 'dev', 'other0', 'altname', 'br-ext');
    },
    undo: lab => lab.hostIp('link', 'del', 'other0'),
    says: [/br-ext/, /other0/],
  },
  {
    title: 'a link has the name that the uplink is to get',
    make: lab => addLink(lab, 'eth0~'),
    undo: lab => lab.hostIp('link', 'del', 'eth0~'),
    says: [/eth0~/],
  },
  {
    title: 'another link has the name that the uplink is to get as altname',
    make: async lab => {
      await addLink(lab, 'other0');
      await lab.hostIp('link', 'property', 'add', 'dev', 'other0', 'altname', 'eth0~');
    },
    undo: lab => lab.hostIp('link', 'del', 'other0'),
    says: [/eth0~/, /other0/],
  },
  {
    title: 'the uplink has a macvlan',
    make: lab => lab.hostIp('link', 'add', 'mv0', 'link', 'eth0', 'type', 'macvlan'),
    undo: lab => lab.hostIp('link', 'del', 'mv0'),
    says: [/mv0/, /macvlan/],
  },
  {
    title: 'the uplink has a VLAN',
    make: lab => lab.hostIp('link', 'add', 'eth0.7', 'link', 'eth0', 'type', 'vlan', 'id', '7'),
    undo: lab => lab.hostIp('link', 'del', 'eth0.7'),
    says: [/eth0\.7/],
  },
  {
    title: 'there is no such interface',
    make: async () => {},
    undo: async () => {},
    says: [/eth7/],
    args: ['-i', 'eth7', '-b', 'br-ext'],
  },
  {
    title: "the uplink is a port of somebody's bridge",
    make: async lab => {
      await lab.vsctl('add-br', 'br-other');
      await lab.vsctl('add-port', 'br-other', 'eth0');
    },
    undo: lab => lab.vsctl('del-br', 'br-other'),
    says: [/br-other/],
  },
  {
    title: 'the uplink is enslaved to a Linux bridge',
    make: async lab => {
      await lab.hostIp('link', 'add', 'br0', 'type', 'bridge');
      await lab.hostIp('link', 'set', 'eth0', 'master', 'br0');
    },
    undo: lab => lab.hostIp('link', 'del', 'br0'),
    says: [/br0/],
  },
];

// Not every kernel has the module 8021q.
const hasVlan = supportsVlan();
if (!hasVlan) console.warn('SKIPPED the uplink has a VLAN: this kernel has no VLAN links (modprobe 8021q)');

describeLive('a migration is refused before anything is changed', () => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await createBench({ name: 'ref' });
  }, LIMIT_MS);
  afterAll(() => bench[Symbol.asyncDispose](), LIMIT_MS);

  it.each(OBSTACLES.filter(({ title }) => hasVlan || !title.includes('VLAN')))(
    'when $title',
    { timeout: LIMIT_MS },
    async ({ make, undo, says, args }) => {
      const { lab } = bench;
      await make(lab);
      try {
        const ended = await expectRefusal(benchOf(lab, await captureHost(lab)), args);
        for (const words of says) expect(ended.cause).toMatch(words);
      } finally {
        await undo(lab);
      }
    },
  );

  it('and works once nothing is in the way', { timeout: LIMIT_MS }, async () => {
    const { lab } = bench;
    await benchOf(lab, await captureHost(lab)).expectStillWorks();
  });
});

describeLive('an uplink whose name leaves no room for another character', () => {
  it('is refused for the layout host-port and moved by the layout bridge-port', { timeout: LIMIT_MS }, async () => {
    await using bench = await createBench({ name: 'len', uplinkName: 'enp130s0f1np1ab' });
    const ended = await expectRefusal(bench);
    expect(ended.cause).toContain('enp130s0f1np1ab');
    expect(ended.cause).toMatch(/15/);
    const there = await bench.migrate([], '--layout', 'bridge-port');
    expect(there.code, storyOf(there)).toBe(0);
    await bench.expectRestored();
  });
});

/** A link that has nothing to do with the uplink. */
async function addLink(lab: Lab, name: string): Promise<void> {
  await lab.hostIp('link', 'add', name, 'type', 'veth', 'peer', 'name', 'peer0');
}

async function expectRefusal(bench: FaultBench, args?: readonly string[]): Promise<Ended> {
  const ended =
    args === undefined
      ? await bench.migrate([], '--step-timeout', '2s', '--gate-timeout', '2s')
      : await bench.command(['migrate', ...args]);
  expect(ended.code, storyOf(ended)).toBe(3);
  expect(ended.outcome?.result).toBe('refused');
  expect(ended.outcome?.failure?.advice, storyOf(ended)).toBeTruthy();
  await bench.expectAsBefore(ended);
  return ended;
}
