import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseProbe } from '../../../src/cli/parse/probe.ts';
import { plainAddress } from '../../../src/domain/address.ts';
import type { Effect } from '../../../src/domain/effect.ts';
import type { Host } from '../../../src/host/host.ts';
import { loadHost } from '../../../src/host/simulated/description/load-host.ts';
import { createSimulatedHost } from '../../../src/host/simulated/simulated-host.ts';
import type { OperationFault } from '../../../src/host/simulated/simulated-process.ts';
import { spawnProcess } from '../../../src/host/simulated/simulated-process.ts';
import { createWorld } from '../../../src/host/simulated/world.ts';
import { watchHost } from '../../../src/inspect/source/watch-host.ts';
import type { WireMessage } from '../../../src/inspect/wire/messages.ts';
import { expectSound, lastHost, ofType } from './heard.ts';

const FILE = 'fixtures/hosts/plain.yaml';
const PATIENT = new AbortController().signal;

/** A watched host; time goes on only where a test lets it. */
function watchSimulated(
  probes: readonly string[] = [],
  fault: (name: string) => OperationFault | undefined = () => undefined,
) {
  const world = createWorld(loadHost(readFileSync(FILE, 'utf8'), FILE));
  const process = spawnProcess({ clock: world.clock, oracle: ({ name }) => fault(name), slowMs: 500 });
  const host: Host = createSimulatedHost(world, process);
  const messages: WireMessage[] = [];
  const stop = new AbortController();
  const publish = (message: WireMessage): void => void messages.push(message);
  const watched = watchHost({
    host,
    clock: process.clock,
    probes: probes.map(parseProbe),
    publish,
    signal: stop.signal,
  });
  let isOver = false;
  void watched
    .finally(() => {
      isOver = true;
    })
    .catch(() => undefined);
  /** Goes on for so long. */
  const pass = async (ms: number): Promise<void> => {
    const endMs = world.clock.now() + ms;
    world.clock.setTimeout(() => undefined, ms);
    while (world.clock.now() < endMs) {
      await new Promise(resolve => setImmediate(resolve));
      world.clock.runNext();
    }
    await new Promise(resolve => setImmediate(resolve));
  };
  const apply = async (effect: Effect): Promise<void> => {
    const applied = host.apply([effect], PATIENT);
    await pass(50);
    expect(await applied).toMatchObject([{ ok: true }]);
    await pass(50);
  };
  const hosts = () => ofType(messages, '@ovs-uplink.host').map(one => one.host);
  const answers = () => ofType(messages, '@ovs-uplink.probe').map(({ target, ok }) => `${target} ${ok}`);
  return { world, messages, stop, watched, pass, apply, hosts, answers, isOver: () => isOver };
}

describe('a host that is watched', () => {
  it('is told as it is, and after each change; without one nothing is', async () => {
    const { world, messages, pass, apply, hosts, stop } = watchSimulated();
    await pass(100);
    expect(hosts().at(-1)?.['links']?.['eth0']).toMatchObject({ addresses: expect.arrayContaining(['10.9.0.2/24']) });
    const before = hosts().length;
    await pass(60_000);
    // Something is told that changes nothing.
    for (const resync of world.resyncs) resync();
    await pass(100);
    expect(hosts().length).toBe(before);
    await apply({ op: 'address.add', address: plainAddress(world.uplinkIndex, '10.9.0.77', 24) });
    expect(hosts().length).toBe(before + 1);
    expect(hosts().at(-1)?.['links']?.['eth0']).toMatchObject({ addresses: expect.arrayContaining(['10.9.0.77/24']) });
    await apply({ op: 'address.remove', address: plainAddress(world.uplinkIndex, '10.9.0.77', 24) });
    expect(hosts().at(-1)).toEqual(hosts()[before - 1]);
    expectSound(messages);
    stop.abort();
  });

  it('tells rows of Open vSwitch once it is reached', async () => {
    const { pass, hosts, stop } = watchSimulated();
    await pass(5_000);
    expect(hosts().at(-1)?.['bridges']).toBeDefined();
    stop.abort();
  });

  it.each<OperationFault>(['refused', 'hang'])(
    'is told without Open vSwitch where that is not to be had: %s',
    async how => {
      const { messages, pass, stop, watched } = watchSimulated([], name => (name === 'ovs.connect' ? how : undefined));
      await pass(30_000);
      expect(lastHost(messages)?.['links']).toHaveProperty('eth0');
      stop.abort();
      await pass(1_000);
      await watched;
    },
  );

  it('goes on when it could not be read for a while, and says so once', async () => {
    let isDeaf = true;
    const { messages, pass, stop, answers, isOver } = watchSimulated(['gateway'], name =>
      isDeaf && name === 'kernel.read' ? 'refused' : undefined,
    );
    await pass(10_000);
    expect(ofType(messages, '@ovs-uplink.note').map(({ text }) => text)).toEqual([
      expect.stringContaining('the host cannot be read: '),
    ]);
    expect([lastHost(messages), isOver()]).toEqual([undefined, false]);
    isDeaf = false;
    await pass(5_000);
    expect(lastHost(messages)?.['links']).toHaveProperty('eth0');
    expect(answers()).toContain('10.9.0.1 true');
    stop.abort();
  });

  it('ends when it is aborted, also at once, and tells nothing more', async () => {
    for (const ms of [0, 0.1, 1, 100]) {
      const { messages, pass, stop, isOver } = watchSimulated(['gateway']);
      if (ms > 0) await pass(ms);
      stop.abort();
      await pass(20);
      expect(isOver(), `after ${ms} ms`).toBe(true);
      const { length } = messages;
      await pass(5_000);
      expect(messages.length).toBe(length);
    }
  });
});

describe('probes', () => {
  it('tell of an outage at its begin and at its end, and of nothing in between', async () => {
    const { world, messages, pass, answers, stop } = watchSimulated(['gateway']);
    await pass(3_000);
    expect(answers().filter(text => text.startsWith('10.9.0.1'))).toEqual(['10.9.0.1 true']);
    const gateway = world.gateways.get('10.9.0.1')!;
    world.gateways.set('10.9.0.1', { ...gateway, answers: false });
    await pass(3_000);
    world.gateways.set('10.9.0.1', gateway);
    await pass(3_000);
    expect(answers().filter(text => text.startsWith('10.9.0.1'))).toEqual([
      '10.9.0.1 true',
      '10.9.0.1 false',
      '10.9.0.1 true',
    ]);
    const [, lost, back] = ofType(messages, '@ovs-uplink.probe').filter(({ target }) => target === '10.9.0.1');
    const outageMs = Number(back!.createdAt) - Number(lost!.createdAt);
    expect(outageMs).toBeGreaterThan(1_500);
    expect(outageMs).toBeLessThan(4_500);
    stop.abort();
  });

  it('tell of no outage of what never answered', async () => {
    const { world, pass, answers, stop } = watchSimulated(['gateway']);
    world.gateways.set('10.9.0.1', { ...world.gateways.get('10.9.0.1')!, answers: false });
    await pass(5_000);
    expect(answers().filter(text => text.startsWith('10.9.0.1'))).toEqual([]);
    stop.abort();
  });
});
