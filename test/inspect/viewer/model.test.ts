import { describe, expect, it } from 'vitest';
import { activePaths, stateText } from '../../../src/inspect/viewer/model/active.ts';
import { changesBetween, hostText, shortText } from '../../../src/inspect/viewer/model/changes.ts';
import { eventText, plainName } from '../../../src/inspect/viewer/model/event-text.ts';
import { longestOutage, stretchesOf } from '../../../src/inspect/viewer/model/outage.ts';
import { probe } from './told.ts';

describe('the states of a value', () => {
  it.each([
    ['idle', ['idle'], 'idle'],
    [{ moving: { left: 'up' } }, ['moving', 'moving.left', 'moving.left.up'], 'moving.left.up'],
    [{ a: 'b', c: { d: {} } }, ['a', 'a.b', 'c', 'c.d'], 'a.b, c.d'],
    [{ up: 'x', upper: 'y' }, ['up', 'up.x', 'upper', 'upper.y'], 'up.x, upper.y'],
    [undefined, [], ''],
    [null, [], ''],
    [7, [], ''],
  ])('%j: all of them, and the innermost as text', (value, paths, text) => {
    expect([...activePaths(value)]).toEqual(paths);
    expect(stateText(value)).toBe(text);
  });
});

describe('changes', () => {
  it('are what was added, removed and changed, each with its path', () => {
    const before = { same: { deep: [1] }, gone: 1, list: [1, 2], kind: { a: 1 } };
    const after = { same: { deep: [1] }, list: [1, 3, 4], kind: [1], more: null };
    expect(changesBetween(before, after)).toEqual([
      { path: ['gone'], kind: 'removed', before: 1, after: undefined },
      { path: ['list', '1'], kind: 'changed', before: 2, after: 3 },
      { path: ['list', '2'], kind: 'added', before: undefined, after: 4 },
      { path: ['kind'], kind: 'changed', before: { a: 1 }, after: [1] },
      { path: ['more'], kind: 'added', before: undefined, after: null },
    ]);
    expect(changesBetween(before, structuredClone(before))).toEqual([]);
  });

  it('do not take what every object has for a field', () => {
    expect(
      changesBetween({}, JSON.parse('{"toString":1,"__proto__":2}')).map(({ path, kind }) => [path, kind]),
    ).toEqual([
      [['toString'], 'added'],
      [['__proto__'], 'added'],
    ]);
  });

  it('of a host are one line, in which each object stands once', () => {
    const [before, after] = [
      { links: { eth0: { up: true, mtu: 1500 } }, routes: { 'default via 10.9.0.1': true } },
      { links: { eth0: { up: false, mtu: 9000 } }, routes: {}, rules: { '0: from all': true } },
    ];
    expect(hostText(undefined, after)).toBe('the host is looked at');
    expect(hostText(before, { ...before, routes: {} })).toBe('host: − default via 10.9.0.1');
    expect(hostText(before, after)).toBe('host: ~ eth0 up, ~ eth0 mtu, and 2 more');
  });

  it('of a host name a whole section that comes or goes, as the rows of Open vSwitch do', () => {
    expect(hostText({ links: {} }, { links: {}, bridges: { 'br-ext': {} } })).toBe('host: + bridges');
    expect(hostText({ links: {}, bridges: {} }, { links: {} })).toBe('host: − bridges');
  });

  it('that nobody can see are said to be none', () => {
    expect(hostText({ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } })).toBe('host: as it was');
  });

  it.each([
    [undefined, ''],
    ['text', 'text'],
    [null, 'null'],
    [{ a: [1] }, '{"a":[1]}'],
    ['x'.repeat(20), `${'x'.repeat(10)}…`],
  ])('%j is one short line', (value, text) => {
    expect(shortText(value, 10)).toBe(text);
  });
});

describe('an event', () => {
  it.each([
    [{ type: '' }, 'a change'],
    [{ type: 'GO' }, 'GO'],
    [{ type: 'netlink.link.changed', link: { name: 'eth0' } }, 'netlink.link.changed eth0'],
    [{ type: 'netlink.address.removed', address: { local: '10.9.0.2' } }, 'netlink.address.removed 10.9.0.2'],
    [{ type: 'run.abort', reason: 'SIGINT' }, 'run.abort SIGINT'],
    [{ type: 'owner.changed', owner: 'networkd' }, 'owner.changed networkd'],
    [{ type: 'ovsdb.connection.lost', failure: { what: 'no answer' } }, 'ovsdb.connection.lost no answer'],
    [{ type: 'netlink.link.changed', link: null, address: 7, reason: {} }, 'netlink.link.changed'],
    [{ type: 'xstate.done.actor.0.uplink-migration.preparing.locking' }, 'locking is done'],
    [{ type: 'xstate.done.actor.assess' }, 'assess is done'],
    [{ type: 'xstate.done.state.uplink-migration.preparing' }, 'preparing is done'],
    [{ type: 'xstate.error.actor.assess', error: { message: 'no route' } }, 'assess fails: no route'],
    [{ type: 'xstate.error.actor.assess', error: { what: 'no link' } }, 'assess fails: no link'],
    [{ type: 'xstate.error.actor.assess', error: 'no text' }, 'assess fails'],
    [{ type: 'xstate.after.gateDelay.uplink-migration.gate' }, 'gateDelay passes'],
  ])('%j in one line', (event, text) => {
    expect(eventText(event)).toBe(text);
  });

  it.each([
    ['0.uplink-migration.preparing.locking', 'preparing.locking'],
    ['uplink-migration', 'uplink-migration'],
    ['x:12', 'x:12'],
  ])('%s has the plain name %s', (name, plain) => {
    expect(plainName(name)).toBe(plain);
  });
});

describe('outages', () => {
  const told = (...probes: readonly [number, string, boolean][]) =>
    probes.map(([ms, target, ok]) => ({ ...probe(ms, target, ok), atMs: ms }));

  it('of one target last from its first silence to its next answer, whatever others do meanwhile', () => {
    const probes = told([0, 'a', true], [0, 'b', true], [10, 'a', false], [20, 'b', false], [50, 'a', true]);
    expect(stretchesOf(probes, 'a', 60)).toEqual([
      { fromMs: 0, toMs: 10, ok: true },
      { fromMs: 10, toMs: 50, ok: false },
      { fromMs: 50, toMs: 60, ok: true },
    ]);
    expect(longestOutage(stretchesOf(probes, 'a', 60))).toBe(40);
    // Still silent at the end.
    expect(longestOutage(stretchesOf(probes, 'b', 60))).toBe(40);
    expect(stretchesOf(probes, 'nobody', 60)).toEqual([]);
  });

  it('do not begin anew when the same is told again', () => {
    const probes = told([0, 'a', true], [10, 'a', false], [20, 'a', false], [30, 'a', true]);
    expect(stretchesOf(probes, 'a', 30).map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(longestOutage(stretchesOf(probes, 'a', 30))).toBe(20);
  });

  it('are not known of before the first probe, and none with a single answer', () => {
    expect(stretchesOf(told([5, 'a', true]), 'a', 9)).toEqual([{ fromMs: 5, toMs: 9, ok: true }]);
    expect(longestOutage(stretchesOf(told([5, 'a', true]), 'a', 9))).toBe(0);
    expect(longestOutage([])).toBe(0);
    expect(longestOutage(stretchesOf(told([5, 'a', false]), 'a', 5))).toBe(0);
  });
});
