import { describe, expect, it } from 'vitest';
import { linkByName } from '../../../src/domain/kernel-state.ts';
import type { HostDescription } from '../../../src/host/simulated/description/host-description.ts';
import { createSimulatedHost } from '../../../src/host/simulated/simulated-host.ts';
import { removeNamespace } from '../../../src/host/simulated/simulated-netns.ts';
import { spawnProcess } from '../../../src/host/simulated/simulated-process.ts';
import { addNamespace, createWorld } from '../../../src/host/simulated/world.ts';
import { underVirtualTime } from '../../../src/scenario/machine/drain.ts';
import { shippedHost } from '../../verify/explore/shipped.ts';

const PATH = '/run/netns/target';

/** A world with a namespace that a process has open, and with a link of the host in it. */
async function benchOf(host: HostDescription, name: string) {
  const world = createWorld(host);
  const { kernel } = addNamespace(world, PATH);
  const process = spawnProcess({ clock: world.clock, oracle: () => undefined, slowMs: 0 });
  const opened = await underVirtualTime(world.clock, createSimulatedHost(world, process).openNetns(PATH));
  const link = linkByName(world.kernel.read({ routes: false }), name)!;
  world.kernel.moveLink(link.index, kernel, { name: 'net0' });
  const isAtHome = (): boolean => linkByName(world.kernel.read({ routes: false }), 'net0') !== undefined;
  const isThere = (): boolean => linkByName(kernel.read({ routes: false }), 'net0') !== undefined;
  return { world, process, opened, isAtHome, isThere };
}

describe('a simulated namespace that loses its path', () => {
  it('lives on while somebody has it open, and then gives hardware back to the host under its name there', async () => {
    const { world, opened, isAtHome, isThere } = await benchOf(await shippedHost('worst'), 'eth9');
    removeNamespace(world, PATH);
    expect([isThere(), isAtHome()]).toEqual([true, false]);
    await opened[Symbol.asyncDispose]();
    expect([isThere(), isAtHome()]).toEqual([false, true]);
  });

  it('ends with the process that had it open, and virtual links end with it', async () => {
    const { world, process, isAtHome, isThere } = await benchOf(await shippedHost('rich'), 'eth9');
    removeNamespace(world, PATH);
    expect([isThere(), isAtHome()]).toEqual([true, false]);
    process.kill();
    expect([isThere(), isAtHome()]).toEqual([false, false]);
  });

  it('ends at once where nobody has it open', async () => {
    const { world, opened, isAtHome, isThere } = await benchOf(await shippedHost('worst'), 'eth9');
    await opened[Symbol.asyncDispose]();
    removeNamespace(world, PATH);
    expect([isThere(), isAtHome()]).toEqual([false, true]);
  });
});
