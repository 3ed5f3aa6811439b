import { describe, expect, it } from 'vitest';
import { createActor } from 'xstate';
import type { Effect } from '../../src/domain/effect.ts';
import type { Link } from '../../src/domain/link.ts';
import { bindAltnameGuard } from '../../src/engine/altname.ts';
import { statePath } from '../../src/engine/migration/state-path.ts';
import type { Failure } from '../../src/errors.ts';
import { ETH0, link } from '../domain/precheck/hosts.ts';
import { createScriptedHost } from './scripted-host.ts';

const RENAMED = { name: 'eth0~' };

function start(first: Link | null = link(RENAMED), name: string | null = 'eth0') {
  const host = createScriptedHost();
  const told: { readonly effect: Effect; readonly failure: Failure | null }[] = [];
  const actor = createActor(
    bindAltnameGuard(host, (effect, failure) => told.push({ effect, failure })),
    { input: { linkIndex: ETH0, name, link: first } },
  );
  actor.start();
  return {
    host,
    told,
    state: () => statePath(actor.getSnapshot().value),
    removals: () => actor.getSnapshot().context.removals,
    seen: (overrides: Partial<Link>) =>
      actor.send({ type: 'netlink.link.changed', link: link({ ...RENAMED, ...overrides }) }),
    stop: () => actor.stop(),
  };
}

const removal = (name: string): Effect => ({
  op: 'altname.remove',
  link: { index: ETH0, name: `link ${ETH0}` },
  altname: name,
});

const refusal = (errnoName: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code: 'NETLINK_REFUSED', what: 'cannot remove altname', errnoName },
});

describe('the guard of the host port’s name', () => {
  it('leaves a link alone that does not answer to it', () => {
    const guard = start(link({ ...RENAMED, altnames: ['enp0s4'] }));
    guard.seen({ altnames: ['enp0s4', 'other'] });
    expect(guard.state()).toBe('watching');
    expect(guard.host.apply.calls).toEqual([]);
  });

  it('takes the name away each time it returns, however often', async () => {
    const guard = start();
    for (let time = 1; time <= 50; time += 1) {
      guard.seen({ altnames: ['eth0', 'enp0s4'] });
      expect(guard.state()).toBe('removingAltname');
      await guard.host.apply.answer([{ ok: true }]);
      expect(guard.state()).toBe('watching');
      expect(guard.removals()).toBe(time);
    }
    expect(guard.host.apply.calls).toHaveLength(50);
    expect(guard.host.apply.calls[0]).toEqual([removal('eth0')]);
    expect(guard.told).toHaveLength(50);
  });

  it('takes away a name that was there from the start', () => {
    const guard = start(link({ ...RENAMED, altnames: ['eth0'] }));
    expect(guard.host.apply.calls).toEqual([[removal('eth0')]]);
  });

  it('does not ask twice at a time; what it sees meanwhile is looked at afterwards', async () => {
    const guard = start();
    guard.seen({ altnames: ['eth0'] });
    guard.seen({ altnames: ['eth0'], mtu: 1400 });
    guard.seen({ altnames: ['eth0'], mtu: 1300 });
    expect(guard.host.apply.calls).toHaveLength(1);
    await guard.host.apply.answer([{ ok: true }]);
    // What it saw may be from after the removal: it asks once more, and then it knows.
    expect(guard.state()).toBe('removingAltname');
    await guard.host.apply.answer([refusal('ENOENT')]);
    expect(guard.state()).toBe('watching');
    expect(guard.host.apply.calls).toHaveLength(2);
    guard.stop();
  });

  it('a name that somebody else took away first counts as gone', async () => {
    const guard = start();
    guard.seen({ altnames: ['eth0'] });
    await guard.host.apply.answer([refusal('ENOENT')]);
    expect(guard.state()).toBe('watching');
    expect(guard.told).toEqual([{ effect: removal('eth0'), failure: null }]);
  });

  it('after a refusal it waits for the link’s next event, and tries again then', async () => {
    const guard = start();
    guard.seen({ altnames: ['eth0'] });
    await guard.host.apply.answer([refusal('EPERM')]);
    expect(guard.state()).toBe('blocked');
    expect(guard.told).toMatchObject([{ failure: { errnoName: 'EPERM' } }]);
    guard.seen({ altnames: ['eth0'] });
    expect(guard.state()).toBe('removingAltname');
    await guard.host.apply.answer([{ ok: true }]);
    expect(guard.state()).toBe('watching');
  });

  it('another link with the name is none of its business', () => {
    const guard = start();
    guard.seen({ index: ETH0 + 1, name: 'eth5', altnames: ['eth0'] });
    expect(guard.host.apply.calls).toEqual([]);
  });

  it('has nothing to do where no name is in dispute, or where the link is not known', () => {
    const without = start(link({ ...RENAMED, altnames: ['eth0'] }), null);
    without.seen({ altnames: ['eth0'] });
    expect(without.host.apply.calls).toEqual([]);
    expect(start(null).host.apply.calls).toEqual([]);
  });
});
