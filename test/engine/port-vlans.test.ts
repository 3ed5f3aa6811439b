import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ANY_VLAN, type PortOptions } from '../../src/domain/port-spec.ts';
import { createEngineIn } from '../../src/engine/create-engine.ts';
import type { MigrateOptions } from '../../src/engine/engine.ts';
import type { RunOutcome } from '../../src/engine/run.ts';
import { createSimulatedFolder, createSimulatedSurroundings } from '../../src/engine/simulated-surroundings.ts';
import { loadHost } from '../../src/host/simulated/description/load-host.ts';
import { createSimulatedHost } from '../../src/host/simulated/simulated-host.ts';
import { spawnProcess } from '../../src/host/simulated/simulated-process.ts';
import { createWorld } from '../../src/host/simulated/world.ts';

const FILE = 'fixtures/hosts/plain.yaml';
const WANTED: PortOptions = {
  uplink: { vlanMode: 'native-untagged', tag: 100, trunks: [200, 201] },
  hostPort: { tag: 100 },
};

async function simulate() {
  const world = createWorld(loadHost(await readFile(FILE, 'utf8'), FILE));
  const process = spawnProcess({ clock: world.clock, oracle: () => undefined, slowMs: 5_000 });
  let ids = 0;
  const surroundings = createSimulatedSurroundings(process, createSimulatedFolder(), () => `id-${++ids}`);
  const engine = createEngineIn(surroundings, { host: createSimulatedHost(world, process) });
  const complete = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    void promise
      .catch(() => undefined)
      .then(() => {
        isSettled = true;
      });
    for (;;) {
      await new Promise(resolve => setImmediate(resolve));
      if (isSettled) return promise;
      if (!world.clock.runNext()) throw new Error('nothing waits any more');
    }
  };
  const migrate = (ports?: PortOptions, more: Partial<MigrateOptions> = {}): Promise<RunOutcome> => {
    const options = { uplink: 'eth0', bridge: 'br-ext', ...(ports !== undefined && { ports }), ...more };
    return complete(engine.migrate(options).outcome);
  };
  const vlanOf = (name: string) => world.ovs.database().ports.find(port => port.name === name)?.vlan;
  /** Somebody sets the VLANs of a port that is ours. */
  const meddle = async (name: string, vlan = ANY_VLAN): Promise<void> => {
    const connection = world.ovs.openConnection();
    await complete(connection.connect());
    const { externalIds } = world.ovs.database().ports.find(port => port.name === name)!;
    const rows = { id: externalIds['ovs-uplink:id']!, uplink: 'eth0', bridge: 'br-ext' };
    connection.commit({ op: 'ovs.port.configure', rows, port: name, vlan });
    connection.close();
  };
  return { engine, complete, migrate, vlanOf, meddle, world };
}

describe('VLANs of the ports', () => {
  it('are in the rows as they are made, and taken along on the way back', async () => {
    const { engine, complete, migrate, vlanOf, world } = await simulate();
    expect((await migrate(WANTED)).result).toBe('committed');
    expect(vlanOf('eth0~')).toEqual({ vlanMode: 'native-untagged', tag: 100, trunks: [200, 201] });
    expect(vlanOf('eth0')).toEqual({ ...ANY_VLAN, tag: 100 });
    const made = world.tried.filter(({ effect }) => effect.op.startsWith('ovs.')).map(({ effect }) => effect.op);
    expect(made).toEqual(['ovs.host-port.create', 'ovs.uplink.attach']);
    expect((await complete(engine.restore({ uplink: 'eth0' }).outcome)).result).toBe('rolledBack');
    expect(world.ovs.database().ports).toEqual([]);
  });

  it.each([
    ['bridge-port', 'eth0', 'br-ext'],
    ['exchange-names', 'br-ext', 'eth0'],
  ] as const)('are those of the local port with layout %s', async (layout, uplink, hostPort) => {
    const { engine, complete, migrate, vlanOf, meddle } = await simulate();
    expect((await migrate(WANTED, { layout })).result).toBe('committed');
    expect([vlanOf(uplink)?.tag, vlanOf(hostPort)]).toEqual([100, { ...ANY_VLAN, tag: 100 }]);
    await meddle(hostPort);
    const drift = [`still to do: set the VLANs of port ${hostPort} (tag 100)`];
    expect((await complete(engine.status()))[0]?.drift).toEqual(drift);
    expect((await migrate(WANTED, { layout })).result).toBe('committed');
    expect(vlanOf(hostPort)?.tag).toBe(100);
  });

  it('that others change are drift, and the next migrate puts them right', async () => {
    const { engine, complete, migrate, vlanOf, meddle } = await simulate();
    await migrate(WANTED);
    await meddle('eth0~', { ...ANY_VLAN, trunks: [0, 300] });
    await meddle('eth0');
    const [status] = await complete(engine.status());
    expect(status?.drift).toEqual([
      'still to do: set the VLANs of port eth0 (tag 100)',
      'still to do: set the VLANs of port eth0~ (native-untagged, tag 100, trunks 200-201)',
    ]);
    expect((await migrate(WANTED)).result).toBe('committed');
    expect([vlanOf('eth0')?.tag, vlanOf('eth0~')?.trunks]).toEqual([100, [200, 201]]);
    expect((await migrate(WANTED)).alreadyDone).toBe(true);
  });

  it('that nobody asked for stay as others set them', async () => {
    const { engine, complete, migrate, vlanOf, meddle } = await simulate();
    await migrate();
    await meddle('eth0~', { ...ANY_VLAN, trunks: [0, 300] });
    expect((await complete(engine.status()))[0]?.drift).toEqual([]);
    expect((await migrate()).alreadyDone).toBe(true);
    expect(vlanOf('eth0~')?.trunks).toEqual([0, 300]);
  });

  it('other than those of the migration that stands are refused', async () => {
    const { migrate } = await simulate();
    await migrate(WANTED);
    const again = await migrate({ ...WANTED, hostPort: { tag: 200 } });
    expect(again).toMatchObject({ result: 'refused', findings: [{ code: 'already-migrated' }] });
    expect(again.findings[0]?.message).toContain('VLAN');
  });

  it('that cut the host off are refused; who insists is put back when the gateway does not answer', async () => {
    const { migrate, world } = await simulate();
    const deaf: PortOptions = { uplink: { trunks: [100] } };
    const refused = await migrate(deaf);
    expect(refused.result).toBe('refused');
    expect(refused.findings.find(({ severity }) => severity === 'blocking')?.code).toBe('vlan-cuts-off-host');
    expect((await migrate(deaf, { accept: ['vlan-cuts-off-host'] })).result).toBe('rolledBack');
    // A tag that nobody takes off again: the gateway knows nothing of VLANs.
    expect((await migrate({ hostPort: { tag: 100 } })).result).toBe('rolledBack');
    expect(world.ovs.database().bridges).toEqual([]);
  });
});
