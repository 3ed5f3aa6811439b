import { describe, expect, it } from 'vitest';
import { initialTransition } from 'xstate';
import type { MigrationContext, MigrationEvent } from '../../../machines/uplink-migration-types.ts';
import { IFA_F_DADFAILED, IFA_F_TENTATIVE } from '../../../src/domain/address.ts';
import { IFF_LOWER_UP, IFF_UP, type Link } from '../../../src/domain/link.ts';
import type { OvsFacts } from '../../../src/domain/ovs-facts.ts';
import { pickFacts } from '../../../src/domain/ovs-facts.ts';
import { annotatedMigration } from '../../../src/engine/migration/actions.ts';
import { migrationGuards } from '../../../src/engine/migration/guards.ts';
import * as hosts from '../../domain/precheck/hosts.ts';
import { hostPortLink, sceneContext } from '../../domain/steps/contexts.ts';

const { plan, snapshot } = sceneContext();
const NAMES = { bridge: 'br-ext', hostPort: 'eth0', uplink: 'eth0~' };
const TICK: MigrationEvent = { type: 'ovsdb.connection.opened' };

/** OVSDB after our change was worked off: both ports stand. */
function facts(
  change: { curCfg?: number; hostPort?: object; uplink?: object; datapathId?: string | null } = {},
): OvsFacts {
  const { curCfg = 8, datapathId = '0000' } = change;
  const state = hosts.ovs(
    [
      {
        name: 'br-ext',
        datapathId,
        ports: [
          { name: 'eth0', ...change.hostPort },
          { name: 'eth0~', ...change.uplink },
        ],
      },
    ],
    hosts.ovsSystem({ curCfg, nextCfg: 8 }),
  );
  return pickFacts(state, NAMES);
}

type Observed = MigrationContext['observed'];

function context(observed: Partial<Observed> = {}, overrides: Partial<MigrationContext> = {}): MigrationContext {
  const input = { request: plan.request, entry: 'assessing', plan, snapshot, maxAttempts: 5 } as const;
  // The chart's own first context: nothing has begun yet.
  const [begun] = initialTransition(annotatedMigration, input);
  return {
    ...begun.context,
    observed: {
      uplink: { ...snapshot.link, name: 'eth0~', master: 3 },
      hostPort: hostPortLink('eth0'),
      addresses: [],
      ovs: facts(),
      ...observed,
    },
    awaitedCfg: 8,
    ...overrides,
  };
}

describe('the host port stands', () => {
  const isStanding = (observed: Partial<Observed>, overrides: Partial<MigrationContext> = {}) =>
    migrationGuards.isHostPortStanding({ context: context(observed, overrides), event: TICK });

  it('when OVSDB and the kernel both say so', () => {
    expect(isStanding({})).toBe(true);
    expect(isStanding({ hostPort: hostPortLink('eth0', { kind: 'tun' }) })).toBe(true);
  });

  it.each<[string, Partial<Observed>, Partial<MigrationContext>?]>([
    ['ovs-vswitchd has not worked our change off', { ovs: facts({ curCfg: 7 }) }],
    ['nothing was asked for yet', {}, { awaitedCfg: null }],
    ['OVSDB was never seen', { ovs: null }],
    ['the bridge has no datapath_id', { ovs: facts({ datapathId: null }) }],
    ['there is no bridge', { ovs: { ...facts(), bridge: null } }],
    ['there is no row', { ovs: { ...facts(), hostPort: null } }],
    ['it has no ofport yet', { ovs: facts({ hostPort: { ofport: null } }) }],
    ['it could not be made', { ovs: facts({ hostPort: { ofport: -1 } }) }],
    ['the row has an error', { ovs: facts({ hostPort: { error: 'could not add network device' } }) }],
    ['the kernel has no such link', { hostPort: null }],
    ['the link of that name is the uplink', { hostPort: { ...snapshot.link, kind: 'openvswitch' } }],
    ['the link is of somebody else', { hostPort: hostPortLink('eth0', { kind: 'veth' }) }],
    ['the link has another MAC', { hostPort: hostPortLink('eth0', { mac: '02:00:00:00:00:99' }) }],
    ['there is no plan', {}, { plan: null }],
  ])('not when %s', (_, observed, overrides) => {
    expect(isStanding(observed, overrides)).toBe(false);
  });

  it('needs no link where no addresses move', () => {
    const attachOnly = sceneContext({ layout: 'attach-only' }).plan;
    expect(isStanding({ hostPort: null }, { plan: attachOnly })).toBe(true);
  });
});

describe('the uplink is attached', () => {
  const isAttached = (observed: Partial<Observed>) =>
    migrationGuards.isUplinkAttached({ context: context(observed), event: TICK });
  const renamed = { ...snapshot.link, name: 'eth0~' };

  it('when the kernel shows it: enslaved, or opened by the userspace datapath', () => {
    expect(isAttached({})).toBe(true);
    expect(isAttached({ uplink: { ...renamed, promiscuity: 1 } })).toBe(true);
  });

  it.each<[string, Partial<Observed>]>([
    ['on the row alone', { uplink: renamed }],
    ['before it was applied', { ovs: facts({ curCfg: 7 }) }],
    ['without an ofport', { ovs: facts({ uplink: { ofport: null } }) }],
    ['with an error', { ovs: facts({ uplink: { error: 'could not open' } }) }],
    ['without the link', { uplink: null }],
  ])('not %s', (_, observed) => {
    expect(isAttached(observed)).toBe(false);
  });
});

describe('an error of ovs-vswitchd', () => {
  it.each([
    ['could not add network device eth0 to ofproto (Device or resource busy)', true],
    ['could not open network device eth0 (No such device)', true],
    ['something else', true],
    // The altname guard frees the name.
    ['could not add network device eth0 to ofproto (File exists)', false],
    ['could not open network device eth0 (Invalid argument)', false],
    ['could not open network device eth0 (File exists)', false],
    ['', false],
    [null, false],
  ])('"%s" ends the step at once: %s', (error, expected) => {
    const args = { context: context({ ovs: facts({ hostPort: { error }, uplink: { error } }) }), event: TICK };
    expect(migrationGuards.hasFatalHostPortError(args)).toBe(expected);
    expect(migrationGuards.hasFatalUplinkError(args)).toBe(expected);
  });

  it('of a change that was not worked off yet does not count: it may be an old one', () => {
    const ovs = facts({ curCfg: 7, hostPort: { error: 'something else' } });
    expect(migrationGuards.hasFatalHostPortError({ context: context({ ovs }), event: TICK })).toBe(false);
  });
});

describe('a host port that failed for its name', () => {
  const TAKEN = 'could not add network device eth0 to ofproto (File exists)';
  const renamed = { ...snapshot.link, name: 'eth0~' };
  const isFree = (error: string, observed: Partial<Observed> = {}, overrides: Partial<MigrationContext> = {}) =>
    migrationGuards.isNameFreeAgain({
      context: context({ ovs: facts({ hostPort: { error } }), uplink: renamed, ...observed }, overrides),
      event: TICK,
    });

  it('is tried again once the name is free', () => {
    expect(isFree(TAKEN)).toBe(true);
    expect(isFree('could not open network device eth0 (Invalid argument)')).toBe(true);
  });

  it('not while the uplink still answers to it, nor for another error, nor without end', () => {
    expect(isFree(TAKEN, { uplink: { ...renamed, altnames: ['eth0'] } })).toBe(false);
    expect(isFree('could not open network device eth0 (No such device)')).toBe(false);
    expect(isFree('')).toBe(false);
    expect(isFree(TAKEN, { ovs: facts({ curCfg: 7, hostPort: { error: TAKEN } }) })).toBe(false);
    expect(isFree(TAKEN, {}, { nudges: 1000 })).toBe(false);
  });
});

describe('addresses', () => {
  it.each([
    [[], true, false],
    [[0], true, false],
    [[IFA_F_TENTATIVE], false, false],
    [[0, IFA_F_TENTATIVE], false, false],
    [[IFA_F_DADFAILED], false, true],
    [[IFA_F_TENTATIVE | IFA_F_DADFAILED], false, true],
  ])('with flags %j are usable: %s, failed: %s', (flags, usable, failed) => {
    const args = { context: context({ addresses: flags.map(f => hosts.address({ flags: f })) }), event: TICK };
    expect(migrationGuards.areAddressesUsable(args)).toBe(usable);
    expect(migrationGuards.hasFailedAddress(args)).toBe(failed);
  });

  const removed = (overrides: object): MigrationEvent => ({
    type: 'netlink.address.removed',
    address: hosts.address(overrides),
  });
  it.each<[string, MigrationEvent, boolean]>([
    ['of the snapshot', removed({}), true],
    ['of another link', removed({ linkIndex: 9 }), false],
    ['that was not in the snapshot', removed({ local: '10.99.0.1' }), false],
    ['with another prefix length', removed({ prefixLength: 25 }), false],
    ['in no event of an address', TICK, false],
  ])('removed by somebody: %s', (_, event, expected) => {
    expect(migrationGuards.isSnapshotAddress({ context: context(), event })).toBe(expected);
  });

  it('that run out by themselves were removed by nobody', () => {
    const limited = { ...snapshot, addresses: [hosts.address({ validLifetimeS: 5, preferredLifetimeS: 5 })] };
    const args = { context: context({}, { snapshot: limited }), event: removed({}) };
    expect(migrationGuards.isSnapshotAddress(args)).toBe(false);
  });
});

describe('the uplink', () => {
  const changed = (overrides: Partial<Link>): MigrationEvent => ({
    type: 'netlink.link.changed',
    link: hosts.link(overrides),
  });
  it('is known by its ifindex, whatever it is called', () => {
    const is = (event: MigrationEvent) => migrationGuards.isUplink({ context: context(), event });
    expect(is(changed({ name: 'eth0~' }))).toBe(true);
    expect(is(changed({ index: 42, name: 'eth0~' }))).toBe(false);
    expect(is(TICK)).toBe(false);
  });

  it.each<[string, MigrationEvent, number, boolean]>([
    ['lost', changed({ flags: IFF_UP }), IFF_UP | IFF_LOWER_UP, true],
    ['there', changed({ flags: IFF_UP | IFF_LOWER_UP }), IFF_UP | IFF_LOWER_UP, false],
    ['never there', changed({ flags: IFF_UP }), IFF_UP, false],
    ['lost by another link', changed({ index: 9, flags: IFF_UP }), IFF_UP | IFF_LOWER_UP, false],
    ['in no event of a link', TICK, IFF_UP | IFF_LOWER_UP, false],
  ])('carrier %s', (_, event, before, expected) => {
    const was = { ...snapshot, link: { ...snapshot.link, flags: before } };
    expect(migrationGuards.isUplinkWithoutCarrier({ context: context({}, { snapshot: was }), event })).toBe(expected);
  });
});

describe('the run itself', () => {
  const done = (output: unknown): MigrationEvent =>
    ({ type: 'xstate.done.actor.x', output }) as unknown as MigrationEvent;
  it.each([
    ['refuse', true, false],
    ['done', false, true],
    ['proceed', false, false],
  ])('verdict %s: refused %s, already done %s', (verdict, refused, alreadyDone) => {
    const args = { context: context(), event: done({ verdict }) };
    expect(migrationGuards.isRefused(args)).toBe(refused);
    expect(migrationGuards.isAlreadyDone(args)).toBe(alreadyDone);
  });

  it('resumes where its journal says', () => {
    const args = { context: context({}, { entry: 'confirming' }), event: TICK };
    expect(migrationGuards.resumesAt(args, { entry: 'confirming' })).toBe(true);
    expect(migrationGuards.resumesAt(args, { entry: 'committed' })).toBe(false);
  });

  it('waits to be confirmed only where that was asked for, also for no time at all', () => {
    const needs = (confirmWithinMs: number | null) =>
      migrationGuards.needsConfirmation({
        context: context({}, { request: { ...plan.request, confirmWithinMs } }),
        event: TICK,
      });
    expect([needs(null), needs(0), needs(60_000)]).toEqual([false, true, true]);
  });

  it('tries a failed way back a bounded number of times', () => {
    const has = (attempts: number) =>
      migrationGuards.hasAttemptsLeft({ context: context({}, { attempts }), event: TICK });
    expect([has(0), has(4), has(5), has(6)]).toEqual([true, true, false, false]);
  });

  it('is ready when the gate says so', () => {
    const ready = (value: boolean) => migrationGuards.isReady({ context: context(), event: done({ ready: value }) });
    expect([ready(true), ready(false)]).toEqual([true, false]);
  });
});
