import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HostEvent } from '../../src/host/host.ts';
import { describeLive } from '../lab/live.ts';
import { diffImages } from './conforming/ovs/differences.ts';
import { createModelSide } from './conforming/ovs/model-side.ts';
import type { OvsOperation } from './conforming/ovs/operation.ts';
import { operations } from './conforming/ovs/random-operations.ts';
import { ANCHOR, createRealSide, type RealSide } from './conforming/ovs/real-side.ts';
import { SCENARIOS } from './conforming/ovs/scenarios.ts';

const RUNS = Number(process.env['OVS_UPLINK_CONFORMANCE_OVS_RUNS'] ?? 40);
const SEED = Number(process.env['OVS_UPLINK_CONFORMANCE_SEED'] ?? 20_261_121);
/** After this long no further sequence is begun. */
const TIME_LIMIT_MS = 60_000;

describeLive('the model of Open vSwitch', () => {
  let real: RealSide;
  beforeAll(async () => {
    real = await createRealSide();
  });
  afterAll(() => real[Symbol.asyncDispose]());

  it.each(Object.entries(SCENARIOS))('does as a real one: %s', async (_, scenario) => {
    expect(await compare(real, scenario)).toEqual([]);
  });

  it(`does as a real one after every step of ${RUNS} random sequences (seed ${SEED})`, async () => {
    console.info(`conformance of Open vSwitch: seed ${SEED}, ${RUNS} sequences`);
    let steps = 0;
    let sequences = 0;
    await fc.assert(
      fc.asyncProperty(operations, async sequence => {
        sequences += 1;
        steps += sequence.length;
        expect(await compare(real, sequence)).toEqual([]);
      }),
      { seed: SEED, numRuns: RUNS, interruptAfterTimeLimit: TIME_LIMIT_MS },
    );
    console.info(`conformance of Open vSwitch: ${sequences} sequences, ${steps} steps, no difference`);
    expect(sequences).toBeGreaterThan(0);
  });

  it('tells the loss of ovsdb-server and its return in the same order', async () => {
    await real.reset();
    const model = await createModelSide();
    for (const side of [real, model]) {
      await side.carryOut({ op: 'bridge.add', name: 'br0', datapathType: 'netdev' });
      side.events.length = 0;
      await side.carryOut({ op: 'ovsdb.restart' });
    }
    const [told, expected] = [model, real].map(side => side.events.map(shapeOf));
    // How many transactions ovs-vswitchd makes of what it then tells is its own affair.
    const upToReturn = (shapes: readonly string[] | undefined): readonly string[] => shapes?.slice(0, 4) ?? [];
    expect(upToReturn(told)).toEqual(upToReturn(expected));
    expect(upToReturn(told)).toEqual([
      'ovsdb.connection.lost OVSDB_DISCONNECTED',
      'ovsdb.state.changed without ephemeral columns',
      'ovsdb.connection.opened',
      'ovsdb.state.changed without ephemeral columns',
    ]);
    expect(told?.at(-1)).toBe(expected?.at(-1));
  });
}, []);

/** What differs, twice in a row: threads and sockets of the real one race now and then, and a race may go either way. */
async function compare(real: RealSide, sequence: readonly OvsOperation[]): Promise<readonly string[]> {
  const lines = await compareOnce(real, sequence);
  if (lines.length === 0) return lines;
  const again = await compareOnce(real, sequence);
  if (again.length === 0) console.warn(`differed once, not twice:\n${lines.join('\n')}`);
  return again;
}

/** Does the same on both sides; what differs after a step, with the steps up to it. */
async function compareOnce(real: RealSide, sequence: readonly OvsOperation[]): Promise<readonly string[]> {
  await real.reset();
  const model = await createModelSide();
  await model.carryOut({ op: 'bridge.add', name: ANCHOR, datapathType: 'netdev' });
  const history: OvsOperation[] = [];
  for (const operation of sequence) {
    history.push(operation);
    const really = await real.carryOut(operation);
    const modelled = await model.carryOut(operation);
    const lines = [...diffImages(await real.image(), model.image(), history)];
    if (really !== modelled) lines.push(`real:  ${really}`, `model: ${modelled}`);
    if (lines.length > 0) return [...history.map(each => JSON.stringify(each)), ...lines];
  }
  return [];
}

function shapeOf(event: HostEvent): string {
  if (event.type === 'ovsdb.connection.lost') return `${event.type} ${event.failure.code}`;
  if (event.type !== 'ovsdb.state.changed') return event.type;
  const { bridges, interfaces } = event.ovs;
  const isBare = bridges.every(row => row.datapathId === null) && interfaces.every(row => row.ifindex === null);
  return `${event.type} ${isBare ? 'without' : 'with'} ephemeral columns`;
}
