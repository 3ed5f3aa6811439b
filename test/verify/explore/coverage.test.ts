import { describe, expect, it } from 'vitest';
import { createActor, fromPromise, setup } from 'xstate';
import { altnameGuard } from '../../../machines/altname-guard.ts';
import { linkMove } from '../../../machines/link-move.ts';
import { ovsReadiness } from '../../../machines/ovs-readiness.ts';
import { uplinkMigration } from '../../../machines/uplink-migration.ts';
import { coverableOf, createCoverage } from '../../../src/verify/explore/coverage.ts';
import { neverTaken, strangeExplanations } from '../../../src/verify/explore/never-taken.ts';
import { runCase } from '../../../src/verify/explore/run-case.ts';
import { PLAIN, shippedHost } from './shipped.ts';

const small = setup({
  actors: { work: fromPromise(() => Promise.resolve()) },
  guards: { isGood: () => true, isAt: (_, _params: { readonly entry: string }) => false },
}).createMachine({
  id: 'small',
  initial: 'waiting',
  states: {
    waiting: { on: { GO: [{ guard: 'isGood', target: 'working' }, { target: 'done' }] } },
    working: {
      initial: 'first',
      states: {
        first: { invoke: { src: 'work', onDone: { target: '#small.choosing' }, onError: { target: 'second' } } },
        second: {},
      },
      after: { 1000: { target: 'done' } },
    },
    choosing: { always: [{ guard: { type: 'isAt', params: { entry: 'x' } }, target: 'waiting' }, { target: 'done' }] },
    done: { type: 'final' },
  },
});

describe('what a chart could go through', () => {
  const { states, transitions } = coverableOf(small);

  it('is every state below the root', () => {
    expect(states).toEqual([
      'small.waiting',
      'small.working',
      'small.working.first',
      'small.working.second',
      'small.choosing',
      'small.done',
    ]);
  });

  it('is every transition, each with its event, guard and target', () => {
    expect([...transitions].sort()).toEqual([
      'small.choosing always -> small.done',
      'small.choosing always [isAt x] -> small.waiting',
      'small.waiting GO -> small.done',
      'small.waiting GO [isGood] -> small.working',
      'small.working after.1000 -> small.done',
      'small.working.first done -> small.choosing',
      'small.working.first error -> small.working.second',
    ]);
  });

  it('has what a run takes, also states that are left at once', async () => {
    const coverage = createCoverage();
    const actor = createActor(small, { inspect: coverage.inspect });
    actor.start();
    actor.send({ type: 'GO' });
    await new Promise(resolve => actor.subscribe({ complete: () => resolve(undefined) }));
    const taken = coverage.report();
    expect([...taken.transitions].sort()).toEqual([
      'small.choosing always -> small.done',
      'small.waiting GO [isGood] -> small.working',
      'small.working.first done -> small.choosing',
    ]);
    expect(states).toEqual(expect.arrayContaining([...taken.states].filter(state => state !== 'small')));
    expect(taken.states).toEqual(
      expect.arrayContaining(['small.waiting', 'small.working.first', 'small.choosing', 'small.done']),
    );
  });

  it('adds up over workers, each once', () => {
    const coverage = createCoverage();
    coverage.add({ states: ['a'], transitions: ['t'], guards: ['g: true'] });
    coverage.add({ states: ['a', 'b'], transitions: ['t'], guards: ['g: false'] });
    expect(coverage.report()).toEqual({ states: ['a', 'b'], transitions: ['t'], guards: ['g: true', 'g: false'] });
  });
});

describe('what a simulated migration takes', () => {
  it('is among what its charts have', async () => {
    const coverage = createCoverage();
    await runCase(await shippedHost('plain'), PLAIN, { coverage });
    const taken = coverage.report();
    const all = [uplinkMigration, ovsReadiness, altnameGuard].map(coverableOf);
    const known = new Set(all.flatMap(({ transitions }) => transitions));
    const strange = taken.transitions.filter(key => key.includes('uplink-migration') && !known.has(key));
    expect(strange).toEqual([]);
    expect(taken.transitions).toContain('uplink-migration.assessing done -> uplink-migration.gating');
    expect(taken.states).toContain('uplink-migration.cuttingOver.switchingRoutes');
    expect(taken.states.filter(state => state.includes('rollingBack'))).toEqual([]);
  });
});

describe('the list of what was never taken', () => {
  it('is of everything where nothing ran, and of nothing where all was taken', () => {
    const nothing = neverTaken({ states: [], transitions: [], guards: [] });
    expect(nothing.map(({ chart }) => chart)).toEqual([
      uplinkMigration.id,
      ovsReadiness.id,
      altnameGuard.id,
      linkMove.id,
    ]);
    for (const chart of nothing) {
      expect([chart.statesTaken, chart.transitionsTaken]).toEqual([0, 0]);
      expect(chart.missing.length + chart.explained.length).toBeGreaterThanOrEqual(chart.states + chart.transitions);
    }
    const all = [uplinkMigration, ovsReadiness, altnameGuard, linkMove].map(coverableOf);
    const everything = neverTaken({
      states: all.flatMap(({ states }) => states),
      transitions: all.flatMap(({ transitions }) => transitions),
      guards: [],
    });
    for (const chart of everything) {
      expect([chart.statesTaken, chart.transitionsTaken]).toEqual([chart.states, chart.transitions]);
      const ofChart = [...chart.missing, ...chart.explained.map(({ what }) => what)];
      expect(ofChart.filter(what => what.includes(' -> '))).toEqual([]);
    }
  });

  it('explains nothing that no chart has, and everything with a reason', () => {
    expect(strangeExplanations()).toEqual([]);
    const explained = neverTaken({ states: [], transitions: [], guards: [] }).flatMap(chart => chart.explained);
    expect(explained.length).toBeGreaterThan(0);
    expect(explained.filter(({ why }) => why.length < 20)).toEqual([]);
  });

  it('names an explanation of what was taken all the same', () => {
    const [{ explained } = { explained: [] }] = neverTaken({ states: [], transitions: [], guards: [] });
    const what = explained.map(one => one.what).find(one => one.includes(' -> ')) ?? '';
    const [chart] = neverTaken({ states: [], transitions: [what], guards: [] });
    expect(chart?.unneeded).toEqual([what]);
    expect(chart?.explained.map(one => one.what)).not.toContain(what);
  });
});
