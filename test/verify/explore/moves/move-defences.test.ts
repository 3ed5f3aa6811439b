import { describe, expect, it } from 'vitest';
import { runMutated } from '../../../../src/verify/mutation/run-mutated.ts';
import { FOUND } from './found-cases.ts';
import type { MoveDefence } from './move-defence.ts';
import { PLAIN_MOVE } from './plain-move.ts';

const STEPS = 'src/domain/move/steps.ts';
const ACTORS = 'src/engine/move/actors.ts';
const SESSION = 'src/engine/move/session.ts';
const RECOVERY = 'src/engine/move/moves.ts';

const altered = { ...PLAIN_MOVE, host: 'rich', link: 'eth0', course: 'altered' } as const;

/** One line of ours each that keeps a promise of link-move, and a case that breaks it without that line. */
const DEFENCES: readonly MoveDefence[] = [
  {
    what: 'an own altname is not taken away before the link gets it as name',
    file: STEPS,
    find: "return at('home', [...freeAltname(atHome, name), {",
    replace: "return at('home', [{",
    planned: { ...altered, name: 'enp0s31f6' },
  },
  {
    what: 'the link comes home under the name that it has inside',
    file: STEPS,
    find: ', ...rename(link, wanted)];',
    replace: '];',
    planned: { ...PLAIN_MOVE, course: 'return' },
  },
  {
    what: 'the name that it has at home is not free inside',
    file: STEPS,
    find: 'if (link.name !== wanted && isTakenThere) {',
    replace: 'if (link.name === undefined) {',
    planned: {
      ...PLAIN_MOVE,
      course: 'return',
      incidents: [{ when: { state: 'inUse', nth: 1 }, incident: { kind: 'target.old-name.take' } }],
    },
  },
  {
    what: 'its ifindex is not given back',
    file: STEPS,
    find: 'const mayKeep = link.index !== index &&',
    replace: 'const mayKeep = link.index === undefined &&',
    planned: {
      ...PLAIN_MOVE,
      course: 'return',
      incidents: [{ when: { state: 'assessing', nth: 1 }, incident: { kind: 'target.index.take' } }],
    },
  },
  {
    what: 'altnames are not given back',
    file: STEPS,
    find: '...restoreAltnames(link, withFreeAltnames(snapshot, home, link)),',
    replace: '',
    planned: { ...altered, name: 'enp0s31f6' },
  },
  {
    what: 'sysctls are not given back',
    file: STEPS,
    find: '...copySysctls(link, snapshot.sysctls, sysctls),',
    replace: '',
    planned: altered,
  },
  {
    what: 'it is not set up again',
    file: STEPS,
    find: "missing.length > 0 ? missing : [{ op: 'link.set', link: refOf(link), up: true }]",
    replace: 'missing',
    planned: { ...PLAIN_MOVE, course: 'return' },
  },
  {
    what: 'what the target shows is not compared',
    file: ACTORS,
    find: 'const differences = compareWithPlan(await session.look({}));',
    replace: 'const differences: string[] = [];',
    planned: {
      ...PLAIN_MOVE,
      incidents: [{ when: { state: 'leaving.configuring', nth: 1 }, incident: { kind: 'link.rename' } }],
    },
  },
  {
    what: 'the namespace of the way there stays',
    file: ACTORS,
    find: 'await session.closeTransit();\n        // With',
    replace: '// With',
    planned: { ...PLAIN_MOVE, way: 'steps' },
  },
  {
    what: 'another namespace with the same path is taken for the target',
    file: SESSION,
    find: 'if (opened?.id === plan.target) return opened;',
    replace: 'return opened;',
    planned: {
      ...PLAIN_MOVE,
      host: 'rich',
      link: 'eth9',
      incidents: [{ when: { state: 'inUse', nth: 1 }, incident: { kind: 'target.replace' } }],
    },
  },
  {
    what: 'the ifindex that it has in the target is not written down',
    file: ACTORS,
    find: "await session.reach('inUse', plan);",
    replace: "await session.reach('inUse');",
    planned: FOUND.lostInTheTarget.planned,
  },
  {
    what: 'the link is looked for by what it was at home',
    file: SESSION,
    find: 'if (found !== undefined) seen = identify(found);',
    replace: '',
    planned: FOUND.lostOnTheWayThere.planned,
  },
  {
    what: 'its MAC is not given back before it goes home',
    file: STEPS,
    find: 'if (isHardware(identity) || mac === null || link.mac === mac) return [];',
    replace: 'if (mac !== undefined) return [];',
    planned: FOUND.lostAtHome.planned,
  },
  {
    what: 'a journal whose write failed is not removed',
    file: SESSION,
    find: 'record?.request.link ?? tried;',
    replace: 'record?.request.link;',
    planned: FOUND.journalLeftBehind.planned,
  },
  {
    what: 'one link that cannot be looked at keeps all from being recovered',
    file: RECOVERY,
    find: '.catch(toUplinkError);',
    replace: ';',
    planned: FOUND.oneForAll.planned,
  },
  {
    what: 'recover does not look for links that are at home already',
    file: RECOVERY,
    find: 'return target === null || atHome !== undefined || inTransit !== undefined;',
    replace: 'return target === null;',
    planned: FOUND.leftAtHome.planned,
  },
];

describe('a case breaks a promise when the line that keeps it is undone', () => {
  it.concurrent.for(DEFENCES)('$what', { timeout: 60_000 }, async ({ what, file, find, replace, planned }) => {
    const outcome = await runMutated({
      mutation: { kind: 'edit', file, find, replace, what },
      module: new URL('break-move.ts', import.meta.url).href,
      call: 'breakMove',
      argument: planned,
    });
    // A line that cannot be edited any more, or code that does not even load, shows nothing.
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ kind: 'returned' });
    if (outcome.kind === 'returned') expect(outcome.value, 'nothing is broken').not.toEqual([]);
  });
});
