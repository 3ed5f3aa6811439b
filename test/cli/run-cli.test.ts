import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Finding } from '../../src/domain/finding.ts';
import type { MigrationRequest } from '../../src/domain/request.ts';
import { DEFAULT_DEADLINES } from '../../src/domain/request.ts';
import type { Engine, MigrateOptions } from '../../src/engine/engine.ts';
import type { RunEvent, RunOutcome, StatusReport } from '../../src/engine/run.ts';
import { toFailure, uplinkError } from '../../src/errors.ts';
import { collectTerminal } from './collected-terminal.ts';
import { outcome, scriptEngine, scriptedRun } from './scripted-engine.ts';

const MIGRATE = ['migrate', '-i', 'eth0', '-b', 'br0'];
const STATE: RunEvent = { type: 'state', atMs: 2, state: 'gating', previous: 'assessing', previousMs: 2 };
const BLOCKING: Finding = {
  code: 'bridge-not-ours',
  severity: 'blocking',
  message: 'br0 exists',
  advice: 'take another',
};
const GOOD: Finding = {
  code: 'kernel-can-rename',
  severity: 'info',
  message: 'the kernel renames links that are up',
  advice: '',
};

async function run(
  argv: readonly string[],
  answers: Partial<Engine> = {},
  options: { readonly json?: boolean; readonly tty?: boolean } = {},
) {
  const collected = collectTerminal(options);
  const scripted = scriptEngine({ recoverMoves: async () => [], moves: async () => [], ...answers });
  const code = await runCli(argv, collected.terminal, async () => scripted.engine);
  return { code, out: collected.out(), err: collected.err(), objects: collected.objects, ...scripted };
}

describe('migrate', () => {
  it('hands the options over, prints states and outcome, closes the engine and ends with 0', async () => {
    const { code, out, calls, isClosed } = await run(
      [
        ...MIGRATE,
        ...['--layout', 'bridge-port', '--datapath', 'netdev', '--probe', 'gateway', '--probe', 'tcp:h:1'],
        ...['--confirm-within', '60s', '--step-timeout', '5s', '--gate-timeout', '7s', '--use-existing-bridge'],
        ...['--accept', 'bridge-not-ours', '--accept', 'x'],
      ],
      { migrate: () => scriptedRun([STATE], outcome({})) },
    );
    expect(code).toBe(0);
    expect(out).toBe('    +2.0ms assessing (2.0 ms)\ncommitted: eth0 is on the bridge (12.3 ms)\n');
    expect(isClosed()).toBe(true);
    const { signal, ...options } = calls[0]!.options as MigrateOptions;
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(options).toEqual({
      uplink: 'eth0',
      bridge: 'br0',
      layout: 'bridge-port',
      datapath: 'netdev',
      probes: [{ kind: 'gateway' }, { kind: 'tcp', host: 'h', port: 1 }],
      confirmWithinMs: 60_000,
      deadlines: { stepMs: 5000, gateMs: 7000 },
      useExistingBridge: true,
      accept: ['bridge-not-ours', 'x'],
    });
  });

  it('leaves the defaults to the engine', async () => {
    const { calls } = await run(MIGRATE, { migrate: () => scriptedRun([], outcome({})) });
    expect(Object.keys(calls[0]!.options as object).sort()).toEqual(['bridge', 'signal', 'uplink']);
  });

  it.each([
    ['refused', 3],
    ['rolledBack', 4],
    ['stranded', 5],
  ] as const)('%s ends with %d and says why and what to do', async (result, expected) => {
    const failure = { code: 'DEADLINE', what: 'not finished in time' } as const;
    const ended = outcome({
      result,
      failure,
      failedIn: 'verifying.probing',
      advice: ['plug the cable in'],
      pendingRows: true,
    });
    const { code, out } = await run(MIGRATE, { migrate: () => scriptedRun([], ended) });
    expect(code).toBe(expected);
    expect(out).toContain('in verifying.probing: not finished in time (DEADLINE)');
    expect(out).toContain('do: plug the cable in');
    expect(out).toContain('ovs-uplink recover');
  });

  it('says that a committed run was unguarded, and what about it', async () => {
    const unguarded = { code: 'GUARD_FAILED', what: 'the guard ended', got: 'killed by SIGKILL', advice: 'x' } as const;
    const ended = outcome({ unguarded, advice: ['see who killed it'] });
    const { code, out } = await run(MIGRATE, { migrate: () => scriptedRun([], ended) });
    expect(code).toBe(0);
    expect(out).toContain(
      '  unguarded: the guard ended: got killed by SIGKILL (GUARD_FAILED)\n  do: see who killed it\n',
    );
  });

  it('--json prints one object an event and the outcome last, and no other line', async () => {
    const { code, objects } = await run(
      ['--json', ...MIGRATE],
      { migrate: () => scriptedRun([STATE], outcome({})) },
      { json: true },
    );
    expect(code).toBe(0);
    expect(objects()).toEqual([{ event: STATE }, { outcome: outcome({}) }]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s aborts the run once; later signals are answered only',
    async name => {
      const aborts: unknown[] = [];
      const answers: Partial<Engine> = {
        migrate: ({ signal }) => {
          const ended = new Promise<RunOutcome>(resolve => {
            signal!.addEventListener('abort', () => {
              aborts.push(toFailure(signal!.reason));
              process.emit('SIGINT', 'SIGINT');
              process.emit(name, name);
              resolve(outcome({ result: 'rolledBack' }));
            });
          });
          queueMicrotask(() => process.emit(name, name));
          return scriptedRun([], ended);
        },
      };
      const before = process.listenerCount(name);
      const { code, err } = await run(MIGRATE, answers);
      expect(code).toBe(4);
      expect(aborts).toEqual([{ code: 'ABORTED', what: 'stopped by a signal', object: name }]);
      expect(err.split('\n')[0]).toBe(`ovs-uplink: ${name}: stopping; what was changed is being put back`);
      expect(err.match(/ignored: still putting things back/g)).toHaveLength(2);
      expect(process.listenerCount(name)).toBe(before);
    },
  );

  it('SIGHUP does nothing when it was ignored at the start (nohup)', async () => {
    process.env.OVS_UPLINK_NOHUP = '1';
    try {
      const answers: Partial<Engine> = {
        migrate: ({ signal }) => {
          process.emit('SIGHUP', 'SIGHUP');
          return scriptedRun([], outcome({ result: signal!.aborted ? 'rolledBack' : 'committed' }));
        },
      };
      expect((await run(MIGRATE, answers)).code).toBe(0);
    } finally {
      delete process.env.OVS_UPLINK_NOHUP;
    }
  });

  it('the command that confirms carries the state folder', async () => {
    const window: RunEvent = { type: 'confirm-window', atMs: 1, remainingMs: 1000 };
    const { out } = await run([...MIGRATE, '--state-dir', "/var/my dir's"], {
      migrate: () => scriptedRun([window], outcome({})),
    });
    expect(out).toContain(`ovs-uplink confirm -i eth0 --state-dir '/var/my dir'\\''s'`);
  });
});

describe('the other commands', () => {
  const request: MigrationRequest = {
    uplink: 'eth0',
    bridge: 'br0',
    layout: 'host-port',
    datapath: null,
    probes: [],
    confirmWithinMs: null,
    useExistingBridge: false,
    accept: [],
    deadlines: DEFAULT_DEADLINES,
  };

  it('plan prints findings, ordered steps and their inverses', async () => {
    const inverse = { step: 'restoringName', title: 'rename eth0~ to eth0', changes: ['link.rename eth0'] } as const;
    const step = {
      step: 'renamingUplink',
      title: 'rename eth0 to eth0~',
      changes: ['link.rename eth0~'],
      inverse,
    } as const;
    const report = { request, findings: [GOOD], steps: [step], alreadyDone: false, refused: false };
    const { code, out } = await run(['plan', '-i', 'eth0', '-b', 'br0'], { plan: async () => report });
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'eth0 onto br0, layout host-port: 1 info',
      'info     kernel-can-rename: the kernel renames links that are up',
      '1. renamingUplink: rename eth0 to eth0~',
      '     link.rename eth0~',
      '   back: restoringName: rename eth0~ to eth0',
      '         link.rename eth0',
      '',
    ]);
  });

  it('plan ends with 3 when it would be refused', async () => {
    const report = { request, findings: [GOOD, BLOCKING], steps: null, alreadyDone: false, refused: true };
    const { code, out } = await run(['plan', '-i', 'eth0', '-b', 'br0'], { plan: async () => report });
    expect(code).toBe(3);
    expect(out.indexOf('bridge-not-ours')).toBeLessThan(out.indexOf('kernel-can-rename'));
    const json = await run(['plan', '-i', 'eth0', '-b', 'br0', '--json'], { plan: async () => report }, { json: true });
    expect(json.objects()).toEqual([{ plan: report }]);
  });

  it('restore: rolled back is success', async () => {
    const { code, out } = await run(['restore', '-i', 'eth0'], {
      restore: () => scriptedRun([], outcome({ result: 'rolledBack' })),
    });
    expect(code).toBe(0);
    expect(out).toBe('rolled back: eth0 is as before (12.3 ms)\n');
  });

  it('recover follows every run in order and ends with 5 when one is stranded', async () => {
    const runs = [outcome({ result: 'stranded', uplink: 'eth1' }), outcome({ result: 'rolledBack' })];
    const { code, out } = await run(['recover'], { recover: async () => runs.map(ended => scriptedRun([], ended)) });
    expect(code).toBe(5);
    expect(out).toMatch(/stranded: eth1[\s\S]*rolled back: eth0/);
  });

  it('recover with nothing to do says so', async () => {
    const { code, out } = await run(['recover'], { recover: async () => [] });
    expect([code, out]).toEqual([0, 'nothing to recover\n']);
  });

  it('confirm and abort speak to the process that works on the uplink; without one they end with 3', async () => {
    expect((await run(['confirm', '-i', 'eth0'], { confirm: async () => {} })).code).toBe(0);
    expect((await run(['abort', '-i', 'eth0'], { abort: async () => {} })).code).toBe(0);
    const missing = async () => {
      throw uplinkError('JOURNAL_MISSING', { what: 'no migration', object: 'eth0' });
    };
    const { code, err, isClosed } = await run(['confirm', '-i', 'eth0'], { confirm: missing });
    expect([code, err]).toEqual([3, 'ovs-uplink: no migration (eth0) (JOURNAL_MISSING)\n']);
    expect(isClosed()).toBe(true);
  });

  it('status shows every journal with its drift', async () => {
    const report: StatusReport = {
      uplink: 'eth0',
      id: 'id-1',
      state: 'committed',
      live: true,
      guard: { pid: 4711, dueMs: 9_000 },
      drift: ['10.0.0.1/24 is missing on eth0'],
      bridge: 'br0',
      layout: 'host-port',
      bond: [
        { name: 'eth0~', problem: null },
        { name: 'eth1', problem: 'no carrier' },
      ],
      confirmRemainingMs: 1500,
      failure: null,
    };
    const { code, out } = await run(['status'], { status: async () => [report] });
    expect(code).toBe(0);
    expect(out).toContain('eth0: committed, bridge br0, layout host-port, id id-1\n');
    expect(out).toContain('  guarded by process 4711, which takes it for hung after 9.0 s without a word\n');
    expect(out).toContain('  rolls back in 1.5 s unless confirmed\n');
    expect(out).toContain(
      '  in the bond: eth0~\n  in the bond: eth1, no carrier\n  drift: 10.0.0.1/24 is missing on eth0\n',
    );
    expect((await run(['status'], { status: async () => [] })).out).toBe('no migration on this host\n');
  });

  it('wait-ovs prints what was waited for as it comes; 6 when the time passes', async () => {
    const waitForOvs: Engine['waitForOvs'] = async options => {
      options?.onProgress?.({ atMs: 3, text: 'connected' });
      const failure = { code: 'DEADLINE', what: 'OVS is not ready' } as const;
      return { ready: options?.bridge === undefined, timeline: [], failure };
    };
    const ready = await run(['wait-ovs', '--timeout', '5s'], { waitForOvs });
    expect([ready.code, ready.out]).toEqual([0, '    +3.0ms connected\nready\n']);
    expect(ready.calls[0]!.options).toMatchObject({ timeoutMs: 5000 });
    const late = await run(['wait-ovs', '-b', 'br0'], { waitForOvs });
    expect([late.code, late.out.split('\n')[1]]).toEqual([6, 'not ready: OVS is not ready (DEADLINE)']);
  });

  it('doctor prints the good findings, too, and ends with 3 when something is in the way', async () => {
    const well = await run(['doctor'], { doctor: async () => [GOOD] });
    expect([well.code, well.out]).toEqual([
      0,
      'info     kernel-can-rename: the kernel renames links that are up\n1 info\n',
    ]);
    expect((await run(['doctor', '-i', 'eth0'], { doctor: async () => [GOOD, BLOCKING] })).code).toBe(3);
  });
});

describe('configuration', () => {
  it('settings of the file and of the command line come together; the command line wins', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-cli-'));
    try {
      const path = join(folder, 'config.yaml');
      await writeFile(path, 'interface: eth7\nbridge: br7\njson: true\nuseExistingBridge: true\nprobe: gateway\n');
      const answers: Partial<Engine> = { migrate: () => scriptedRun([], outcome({})) };
      const { calls, objects } = await run(['migrate', '-c', path, '-i', 'eth0', '--no-use-existing-bridge'], answers);
      expect(calls[0]!.options).toMatchObject({
        uplink: 'eth0',
        bridge: 'br7',
        useExistingBridge: false,
        probes: [{ kind: 'gateway' }],
      });
      expect(objects()).toEqual([{ outcome: outcome({}) }]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('errors', () => {
  it('an unexpected exception ends with 1, its stack and the wish to report it', async () => {
    const { code, err } = await run(['status'], {
      status: async () => {
        throw new TypeError('x is not a function');
      },
    });
    expect(code).toBe(1);
    expect(err).toContain('please report this');
    expect(err).toContain('x is not a function');
    expect(err).toContain('run-cli.test.ts');
  });

  it('an operational failure is one line, and an object with --json', async () => {
    const status = async () => {
      throw uplinkError('OVSDB_UNREACHABLE', { what: 'cannot connect', object: 'unix:/a\nb' });
    };
    const { code, err, objects } = await run(['status', '--json'], { status }, { json: true });
    expect(code).toBe(3);
    expect(err).toBe('ovs-uplink: cannot connect (unix:/a\\u{a}b) (OVSDB_UNREACHABLE)\n');
    expect(objects()).toEqual([
      { failure: { code: 'OVSDB_UNREACHABLE', what: 'cannot connect', object: 'unix:/a\nb' } },
    ]);
  });
});
