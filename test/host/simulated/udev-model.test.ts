import { describe, expect, it } from 'vitest';
import type { Link } from '../../../src/domain/link.ts';
import { createKernelModel, type KernelModel } from '../../../src/host/simulated/kernel/kernel-model.ts';
import { createUdevModel, type UdevRule } from '../../../src/host/simulated/udev-model.ts';
import { createVirtualClock } from '../../../src/host/simulated/virtual-clock.ts';

const MAC = '52:54:00:00:00:01';

function setUp(rule: Partial<UdevRule>) {
  const clock = createVirtualClock();
  const kernel = createKernelModel({
    clock,
    state: { links: [], addresses: [], routes: [], rules: [], neighbours: [] },
    sysctls: {},
    liveRename: true,
  });
  const uplink = addLink(kernel, 'eth0', MAC);
  const rules: UdevRule[] = [
    { match: { index: uplink.index }, on: ['move'], altnames: ['eth0', 'enp0s1'], name: null, afterMs: [50], ...rule },
  ];
  const udev = createUdevModel({ clock, kernel, rules });
  const linkOf = (index: number): Link | undefined =>
    kernel.read({ routes: false }).links.find(link => link.index === index);
  const rename = (to: string) =>
    kernel.apply({ op: 'link.rename', link: { index: uplink.index, name: linkOf(uplink.index)?.name ?? '' }, to });
  return { clock, kernel, udev, uplink, linkOf, rename };
}

function addLink(kernel: KernelModel, name: string, mac: string): Link {
  const made = kernel.addLink({ name, kind: 'veth', mac });
  if ('code' in made) throw new Error(made.what);
  return made;
}

describe('udev of a simulated host', () => {
  it('gives the old name back as altname, not before its delay has passed (antrea#6301)', () => {
    const { clock, linkOf, uplink, rename } = setUp({});
    rename('eth0~');
    clock.advance(49);
    expect(linkOf(uplink.index)?.altnames).toEqual([]);
    clock.advance(1);
    expect(linkOf(uplink.index)?.altnames).toEqual(['eth0', 'enp0s1']);
  });

  it('gives it again after it was taken away, once for each delay (F-02)', () => {
    const { clock, kernel, linkOf, udev, uplink, rename } = setUp({ altnames: ['eth0'], afterMs: [10, 20, 300] });
    rename('eth0~');
    for (const atMs of [10, 20, 300]) {
      clock.advance(atMs - clock.now());
      expect(linkOf(uplink.index)?.altnames).toEqual(['eth0']);
      kernel.apply({ op: 'altname.remove', link: uplink, altname: 'eth0' });
    }
    expect(udev.attempts.map(attempt => attempt.atMs)).toEqual([10, 20, 300]);
    expect(udev.pending()).toBe(0);
  });

  it('is refused where the host port has the name by then, and leaves everything as it is', () => {
    const { clock, kernel, linkOf, udev, uplink, rename } = setUp({ altnames: ['eth0'] });
    rename('eth0~');
    addLink(kernel, 'eth0', '52:54:00:00:00:02');
    clock.advance(50);
    expect(udev.attempts).toMatchObject([{ altname: 'eth0', result: { ok: false, failure: { errnoName: 'EEXIST' } } }]);
    expect(linkOf(uplink.index)?.altnames).toEqual([]);
  });

  it('leaves a rename alone where altnames are only given to new links (systemd 254, F-04)', () => {
    const { clock, linkOf, udev, uplink, rename } = setUp({ on: ['add'] });
    rename('eth0~');
    clock.advance(1000);
    expect(linkOf(uplink.index)?.altnames).toEqual([]);
    udev.trigger(uplink.index);
    clock.advance(50);
    expect(linkOf(uplink.index)?.altnames).toEqual(['eth0', 'enp0s1']);
  });

  it('gives a new link with the same MAC the altnames, too, where a rule asks for the MAC alone (F-14)', () => {
    const { clock, kernel, linkOf } = setUp({ match: { mac: MAC }, on: ['add'], altnames: ['lan'] });
    const hostPort = addLink(kernel, 'br-ext', MAC);
    clock.advance(50);
    expect(linkOf(hostPort.index)?.altnames).toEqual(['lan']);
  });

  it('renames the link back where a rule has a name for it (F-13)', () => {
    const { clock, linkOf, uplink, rename } = setUp({ name: 'eth0', altnames: [] });
    rename('eth0~');
    expect(linkOf(uplink.index)?.name).toBe('eth0~');
    clock.advance(50);
    expect(linkOf(uplink.index)?.name).toBe('eth0');
  });

  it('does nothing to a link that is gone, and nothing at all once it is stopped', () => {
    const gone = setUp({});
    gone.rename('eth0~');
    gone.kernel.removeLink(gone.uplink.index);
    gone.clock.advance(50);
    expect(gone.udev.attempts).toEqual([]);

    const stopped = setUp({});
    stopped.rename('eth0~');
    stopped.udev.stop();
    stopped.clock.advance(50);
    expect(stopped.linkOf(stopped.uplink.index)?.altnames).toEqual([]);
  });

  it('gives an altname on demand', () => {
    const { linkOf, udev, uplink } = setUp({});
    expect(udev.giveAltname(uplink.index, 'enp0s9').ok).toBe(true);
    expect(linkOf(uplink.index)?.altnames).toEqual(['enp0s9']);
    expect(udev.giveAltname(99, 'enp0s9')).toMatchObject({ ok: false, failure: { errnoName: 'ENODEV' } });
  });
});
