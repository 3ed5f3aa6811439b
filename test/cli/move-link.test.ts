import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { MoveLinkOptions } from '../../src/engine/move/moves.ts';
import type { MoveOutcome } from '../../src/engine/move/run.ts';
import type { MoveReport } from '../../src/engine/move/status.ts';
import { collectTerminal } from './collected-terminal.ts';
import { outcome, scriptEngine, scriptedMove, scriptedRun } from './scripted-engine.ts';

const MOVE = ['move-link', '-i', 'eth5', '--netns', 'pod1'];

const REPORT: MoveReport = {
  link: 'eth5',
  id: 'id-1',
  stage: 'inUse',
  netns: '/run/netns/pod1',
  name: 'net1',
  attachment: { network: 'storage', containerId: 'c0ffee', ifname: 'net1' },
  place: 'target',
  calledThere: 'net1',
  up: true,
  namespaceGone: false,
  failure: null,
};

async function run(argv: readonly string[], answers: Partial<Engine> = {}, options: { readonly json?: boolean } = {}) {
  const collected = collectTerminal(options);
  const scripted = scriptEngine(answers);
  const code = await runCli(argv, collected.terminal, async () => scripted.engine);
  return { code, out: collected.out(), err: collected.err(), objects: collected.objects, ...scripted };
}

const ending = (fields: Partial<MoveOutcome>): Partial<Engine> => ({
  moveLink: () => scriptedMove(fields),
  returnLink: () => scriptedMove(fields),
});

describe('move-link', () => {
  it('hands the options over and says where the link is', async () => {
    const argv = [...MOVE, '--name', 'net1', '--keep-addresses', '--up', '--way', 'steps', '--step-timeout', '5s'];
    const lists = ['--protect-link', 'eth0'];
    const { code, out, calls, isClosed } = await run([...argv, ...lists], ending({ result: 'inUse' }));
    expect([code, out]).toEqual([0, 'moved: eth5 is net1 in /run/netns/pod1 (12.3 ms)\n']);
    expect(isClosed()).toBe(true);
    const { signal, ...options } = calls[0]!.options as MoveLinkOptions;
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(options).toEqual({
      link: 'eth5',
      netns: 'pod1',
      name: 'net1',
      keepAddresses: true,
      up: true,
      way: 'steps',
      links: [{ from: 'the command line', protect: [{ by: 'name', glob: 'eth0' }], allow: null }],
      accept: [],
      deadlines: { stepMs: 5_000 },
    });
  });

  it('--force accepts what can be accepted', async () => {
    const { calls } = await run([...MOVE, '--force', '--accept', 'x'], ending({ result: 'inUse' }));
    expect((calls[0]!.options as MoveLinkOptions).accept).toEqual(['x', 'move-link-in-use', 'move-link-sriov']);
  });

  it('ends with 3 where it is refused, 4 where the link is home again, 5 where it is stranded', async () => {
    const codes = await Promise.all(
      (['refused', 'restored', 'stranded'] as const).map(async result => (await run(MOVE, ending({ result }))).code),
    );
    expect(codes).toEqual([3, 4, 5]);
  });

  it('says why, and what to do', async () => {
    const failure = {
      code: 'NETLINK_REFUSED',
      what: 'cannot move link',
      errnoName: 'EEXIST',
      advice: 'another name',
    } as const;
    const said = { result: 'restored', failure, failedIn: 'leaving.moving', advice: ['look'] } as const;
    const { out } = await run(MOVE, ending(said));
    expect(out).toContain('eth5 is home, as before');
    expect(out).toContain('in leaving.moving: cannot move link');
    expect(out).toContain('do: look');
    expect(out).not.toContain('another name');
  });

  it.each([
    [['move-link', '-i', 'eth5'], '--netns'],
    [['move-link', '--netns', 'pod1'], '--interface'],
    [[...MOVE, '--way', 'teleport'], 'message or steps'],
    [['move-link', '-i', 'eth5', '--netns', 'a/b'], 'a path that begins with "/"'],
    [[...MOVE, '--name', 'a234567890123456'], '15 bytes'],
  ])('%j is a wrong usage, said before anything is opened', async (argv, said) => {
    const { code, err, calls } = await run(argv);
    expect([code, calls]).toEqual([2, []]);
    expect(err).toContain(said);
  });

  it('prints events and outcome as JSON', async () => {
    const { objects } = await run([...MOVE, '--json'], ending({ result: 'inUse' }), { json: true });
    expect(objects()).toEqual([{ moved: expect.objectContaining({ result: 'inUse', link: 'eth5' }) }]);
  });
});

describe('return-link', () => {
  it('ends with 0 where the link is home, 3 where there was nothing to do, 5 where it is stranded', async () => {
    const back = ['return-link', '-i', 'eth5'];
    const codes = await Promise.all(
      (['restored', 'refused', 'stranded'] as const).map(async result => (await run(back, ending({ result }))).code),
    );
    expect(codes).toEqual([0, 3, 5]);
    expect((await run(back, ending({ result: 'restored', linkGone: true }))).out).toContain('exists no more');
    expect((await run(back, ending({ result: 'restored', isOver: true }))).out).toContain('came home with the boot');
  });
});

describe('moved links elsewhere', () => {
  it('recover brings them home after the migrations, and ends with what is worst', async () => {
    const answers: Partial<Engine> = {
      recover: async () => [scriptedRun([], outcome({ result: 'rolledBack' }))],
      recoverMoves: async () => [scriptedMove({ result: 'stranded' })],
    };
    const { code, out } = await run(['recover'], answers);
    expect(code).toBe(5);
    expect(out).toMatch(/rolled back: eth0[\s\S]*stranded: eth5 could not be brought home/);
  });

  it('status says where each is, whose it is, and what is wrong', async () => {
    const wrong: MoveReport = {
      ...REPORT,
      link: 'eth6',
      stage: 'returning',
      place: 'transit',
      attachment: null,
      up: false,
    };
    const gone: MoveReport = { ...REPORT, link: 'eth7', place: null, calledThere: null, up: null, namespaceGone: true };
    const answers: Partial<Engine> = { status: async () => [], moves: async () => [REPORT, wrong, gone] };
    const { code, out } = await run(['status'], answers);
    expect(code).toBe(0);
    expect(out).toContain('eth5: moved to /run/netns/pod1 as net1, inUse, id id-1\n');
    expect(out).toContain('for container c0ffee, network storage, interface net1\n');
    expect(out).toContain('it is in a namespace of ours, half way, called net1, down\n');
    expect(out).toContain('its namespace is gone: ovs-uplink recover brings it home\n');
    const { objects } = await run(['status', '--json'], answers, { json: true });
    expect(objects()).toEqual([REPORT, wrong, gone].map(move => ({ move })));
  });
});
