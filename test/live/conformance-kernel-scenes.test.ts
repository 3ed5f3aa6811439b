import { closeSync, openSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Address } from '../../src/domain/address.ts';
import { IFA_F_DADFAILED, IFA_F_DEPRECATED, IFA_F_TENTATIVE } from '../../src/domain/address.ts';
import type { KernelEvent, KernelModel } from '../../src/host/simulated/kernel/kernel-model.ts';
import { createKernelModel } from '../../src/host/simulated/kernel/kernel-model.ts';
import { createVirtualClock } from '../../src/host/simulated/virtual-clock.ts';
import type { Netlink, NetlinkSubscription } from '../../src/netlink/index.ts';
import { openNetlink } from '../../src/netlink/index.ts';
import {
  addressOf,
  canMakeNamespaces,
  createNamespace,
  EventLog,
  failureOf,
  type Namespace,
} from '../netlink/netns-lab.ts';
import { differences, picture } from './conforming/kernel/compare.ts';

/** Two real namespaces joined by a veth `a0`-`b0`, and what hears of the first. */
interface Scene {
  readonly a: Namespace;
  readonly b: Namespace;
  readonly netlink: Netlink;
  readonly far: Netlink;
  readonly log: EventLog;
  readonly subscription: NetlinkSubscription;
}

const LINK = 2;

describe.skipIf(!canMakeNamespaces)(
  'the kernel model does as the kernel where time, other links or other namespaces count',
  () => {
    let scene: Scene;
    beforeAll(async () => {
      const a = createNamespace('scene');
      const b = createNamespace('other');
      a.ip('link', 'add', 'a0', 'type', 'veth', 'peer', 'name', 'b0', 'netns', b.name);
      b.ip('link', 'set', 'b0', 'up');
      const netlink = openNetlink({ netnsPath: a.path });
      const log = new EventLog();
      const subscription = netlink.subscribe(['link', 'address'], log.listener);
      scene = { a, b, netlink, far: openNetlink({ netnsPath: b.path }), log, subscription };
      await netlink.setLink(LINK, { up: true });
      await log.until(event => isAddress(event, 'fe80:', flags => (flags & IFA_F_TENTATIVE) === 0));
    });
    afterAll(async () => {
      scene?.subscription.close();
      await scene?.netlink.close();
      await scene?.far.close();
      scene?.a.remove();
      scene?.b.remove();
    });

    /** A model of the namespace as it is now. */
    async function modelNow(
      netlink = scene.netlink,
    ): Promise<{ model: KernelModel; told: KernelEvent[]; advance(ms: number): void }> {
      const clock = createVirtualClock();
      const state = await netlink.readKernelState();
      const sysctls = { a0: { 'ipv6/conf/{link}/accept_dad': '1', 'ipv6/conf/{link}/dad_transmits': '1' } };
      const model = createKernelModel({ clock, state, sysctls, liveRename: true });
      const told: KernelEvent[] = [];
      model.subscribe(event => told.push(event));
      return { model, told, advance: ms => clock.advance(ms) };
    }

    const flagsTold = (events: readonly { readonly type: string }[], local: string): readonly string[] =>
      events.flatMap(event =>
        'address' in event && (event.address as Address).local === local
          ? [`${event.type.replace('netlink.', '')} ${(event.address as Address).flags}`]
          : [],
      );

    test('duplicate address detection ends after a while, and only then the address answers', async () => {
      const { model, told, advance } = await modelNow();
      const address = addressOf({ local: 'fd42::1', linkIndex: LINK });
      expect(model.apply({ op: 'address.add', address })).toEqual({ ok: true });
      await scene.netlink.addAddress(address, 'create');
      scene.subscription.drain();
      expect(
        differences(picture(model.read({ routes: true })), picture(await scene.netlink.readKernelState())),
      ).toEqual([]);
      advance(2_000);
      await scene.log.until(event => isAddress(event, 'fd42::1', flags => (flags & IFA_F_TENTATIVE) === 0));
      expect(flagsTold(told, 'fd42::1')).toEqual(flagsTold(scene.log.events, 'fd42::1'));
      expect(
        differences(picture(model.read({ routes: true })), picture(await scene.netlink.readKernelState())),
      ).toEqual([]);
    });

    test('an address that somebody else has stays tentative and says so', async () => {
      scene.b.ip('addr', 'add', 'fd42::2/64', 'dev', 'b0', 'nodad');
      const { model, told } = await modelNow();
      const address = addressOf({ local: 'fd42::2', linkIndex: LINK });
      model.apply({ op: 'address.add', address });
      model.failDad(LINK, 'fd42::2');
      await scene.netlink.addAddress(address, 'create');
      await scene.log.until(event => isAddress(event, 'fd42::2', flags => (flags & IFA_F_DADFAILED) !== 0));
      expect(flagsTold(told, 'fd42::2')).toEqual(flagsTold(scene.log.events, 'fd42::2'));
      expect(
        differences(picture(model.read({ routes: true })), picture(await scene.netlink.readKernelState())),
      ).toEqual([]);
    });

    test.for(['10.42.0.1', 'fd43::1'])('the lifetimes of %s run out: first deprecated, then gone', async local => {
      const { model, told, advance } = await modelNow();
      const limits = { validLifetimeS: 3, preferredLifetimeS: 1, flags: local.includes(':') ? 2 : 0 };
      const address = addressOf({ local, linkIndex: LINK, ...limits });
      model.apply({ op: 'address.add', address });
      await scene.netlink.addAddress(address, 'create');
      advance(1_500);
      expect(model.read({ routes: false }).addresses.find(one => one.local === local)).toMatchObject({
        validLifetimeS: 2,
        preferredLifetimeS: 0,
      });
      await scene.log.until(event => isAddress(event, local, flags => (flags & IFA_F_DEPRECATED) !== 0));
      advance(2_500);
      await scene.log.until(event => event.type === 'address.removed' && event.address.local === local);
      expect(flagsTold(told, local)).toEqual(flagsTold(scene.log.events, local));
    });

    test('a link below a macvlan takes no master: EBUSY', async () => {
      for (const name of ['br0', 'up0'])
        await scene.netlink.createLink({ name, kind: name === 'br0' ? 'bridge' : 'ifb' });
      const [master, lower] = await Promise.all(
        ['br0', 'up0'].map(async name => (await scene.netlink.linkByName(name))!.index),
      );
      await scene.netlink.createLink({ name: 'mv0', kind: 'macvlan', lower: lower!, mode: 'bridge' });
      const { model } = await modelNow();
      const said = model.setMaster(lower!, master!);
      const got = await failureOf(scene.netlink.setLink(lower!, { master: master! }));
      expect(said).toMatchObject({ ok: false, failure: { errnoName: got['errnoName'] } });
      // With the macvlan gone it does.
      await scene.netlink.deleteLink((await scene.netlink.linkByName('mv0'))!.index);
      model.removeLink(model.read({ routes: false }).links.find(link => link.name === 'mv0')!.index);
      await scene.netlink.setLink(LINK, { master: master! });
      expect(model.setMaster(LINK, master!)).toEqual({ ok: true });
      const real = (await scene.netlink.linkByIndex(LINK))!;
      const modelled = model.read({ routes: false }).links.find(link => link.index === LINK)!;
      expect([modelled.master, modelled.slaveKind]).toEqual([real.master, real.slaveKind]);
      await scene.netlink.setLink(LINK, { master: null });
      for (const index of [lower!, master!]) await scene.netlink.deleteLink(index);
    });

    // facts/peers.md §9.3
    test.for([
      ['nothing is in the way', [], 'net1', null],
      ['the new name is taken there', ['net1'], 'net1', null],
      ['the old name is taken there, the new one free', ['m0'], 'net1', null],
      ['both names are taken there', ['m0', 'net1'], 'net1', null],
      ['the old name is taken there, and no new one is asked for', ['m0'], null, null],
      ['an altname is taken there', ['alt0'], 'net1', 'alt0'],
    ] as const)('moving a link to another namespace when %s', async ([, taken, newName, altname]) => {
      const { netlink, far, b } = scene;
      await netlink.createLink({ name: 'm0', kind: 'ifb' });
      for (const name of taken) await far.createLink({ name, kind: 'ifb' });
      const { index } = (await netlink.linkByName('m0'))!;
      if (altname !== null) await netlink.addAltname(index, altname);
      await netlink.addAddress(addressOf({ local: '10.44.0.1', linkIndex: index }), 'create');
      await netlink.setLink(index, { up: true });
      const [here, there] = [await modelNow(), await modelNow(far)];
      const fd = openSync(b.path, 'r');
      const change = { netnsFd: fd, ...(newName === null ? {} : { name: newName }) };
      const got = await netlink.setLink(index, change).then(
        () => 'ok',
        error => error.details.errnoName,
      );
      closeSync(fd);
      const said = here.model.moveLink(index, there.model, { name: newName });
      expect(said.ok ? 'ok' : said.failure.errnoName).toBe(got);
      const names = (state: { links: readonly { name: string; altnames: readonly string[]; flags: number }[] }) =>
        state.links.map(link => `${link.name} [${link.altnames}] ${link.flags & 1}`).sort();
      expect(names(here.model.read({ routes: false }))).toEqual(names({ links: await netlink.links() }));
      expect(names(there.model.read({ routes: false }))).toEqual(names({ links: await far.links() }));
      expect(here.model.read({ routes: false }).addresses.map(one => one.local)).toEqual(
        (await netlink.addresses()).map(one => one.local),
      );
      for (const one of [netlink, far]) {
        for (const link of await one.links()) if (link.kind === 'ifb') await one.deleteLink(link.index);
      }
    });
  },
);

function isAddress(
  event: { readonly type: string; readonly address?: Address },
  local: string,
  hasFlags: (flags: number) => boolean,
): boolean {
  return event.address?.local.startsWith(local) === true && hasFlags(event.address.flags);
}
