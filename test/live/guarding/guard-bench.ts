import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createJournalStore } from '../../../src/engine/journal/store.ts';
import { killProcess, pidsInNamespace } from '../../lab/cleanup.ts';
import { captureHost, diffImages, type HostImage } from '../../lab/host-image.ts';
import { createLab, type Lab, type LabOptions } from '../../lab/lab.ts';
import { configurePlainHost } from '../../lab/rich-host.ts';
import { type CliResult, runCli, spawnCli } from '../support/cli.ts';
import { awaitDeath } from './await-death.ts';

/** A guard that waits for a lock or for ovs-vswitchd takes seconds, on a busy machine more. */
const GUARD_LIMIT_MS = 60_000;

/** A line of a guard's log. */
export interface GuardLogLine {
  readonly msg: string;
  readonly state?: string;
  readonly why?: string;
  readonly result?: string;
  readonly durationMs?: number;
}

/** How the host stands after a run and its guard have ended. */
export interface Rest {
  readonly result: 'committed' | 'before';
  /** What is wrong, one line each. */
  readonly problems: readonly string[];
  /** What the guard wrote; none when it did nothing. */
  readonly log: readonly GuardLogLine[];
}

/** A lab on which runs die and nobody recovers. */
export interface GuardBench extends AsyncDisposable {
  readonly lab: Lab;
  readonly before: HostImage;
  /** Pid of the guard that is armed now. */
  guardPid(): Promise<number>;
  /** Resolves when no process of ours is left on the host; rejects when one stays. `except`: others that belong there. */
  awaitQuiet(except?: readonly number[]): Promise<void>;
  /** Ends every process of ours and puts back what they left. */
  reset(): Promise<void>;
  /** Judges the host without having anything of ours touch it first; what is committed is then restored, and must be as before. */
  judge(): Promise<Rest>;
}

/** Makes the lab with the plain host; `configure` replaces that. */
export async function createGuardBench(
  options: LabOptions = {},
  configure: (lab: Lab) => Promise<void> = configurePlainHost,
): Promise<GuardBench> {
  const lab = await createLab(options);
  try {
    await configure(lab);
    return benchOf(lab, await captureHost(lab));
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

function benchOf(lab: Lab, before: HostImage): GuardBench {
  const store = createJournalStore(lab.stateDir);
  const uplink = lab.uplinkName;
  let moves = 0;

  const differences = async (): Promise<readonly string[]> => {
    const now = await captureHost(lab);
    // Lifetimes are whole seconds: every time that an address is made anew cuts off a part of one.
    return diffImages(before, now, { ignoreLinks: ['ovs-netdev'], lifetimeToleranceS: 2 + moves });
  };
  const takeLog = async (): Promise<readonly GuardLogLine[]> => {
    const path = join(lab.stateDir, `${uplink}.guard.log`);
    const text = await readFile(path, 'utf8').catch(() => '');
    await rm(path, { force: true });
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as GuardLogLine);
  };
  const strangers = async (known: readonly string[]): Promise<readonly string[]> => {
    // A run that dies with its guard not there yet, or gone already, leaves the name of its control socket for the next one to take.
    const expected = [`${uplink}.sock`, `${uplink}.flight`, `${uplink}.flight.1`, ...known];
    const files = (await readdir(lab.stateDir)).filter(file => !expected.includes(file));
    return files.map(file => `left in the state folder: ${file}`);
  };

  return {
    lab,
    before,
    async guardPid() {
      const text = await readFile(join(lab.stateDir, `${uplink}.guard`), 'utf8');
      return (JSON.parse(text) as { readonly guard: { readonly pid: number } }).guard.pid;
    },
    async awaitQuiet(except = []) {
      const daemons = [lab.ovsdbPid(), lab.vswitchdPid(), ...except];
      const ours = (await pidsInNamespace(lab.hostNs)).filter(pid => !daemons.includes(pid));
      const ended = await Promise.all(ours.map(pid => awaitDeath(pid, GUARD_LIMIT_MS)));
      const left = ours.filter((_, index) => ended[index] !== true);
      if (left.length > 0) throw new Error(`still there: ${left.join(', ')}`);
    },
    async reset() {
      const daemons = [lab.ovsdbPid(), lab.vswitchdPid()];
      for (const pid of await pidsInNamespace(lab.hostNs)) if (!daemons.includes(pid)) killProcess(pid);
      const recovering = spawnCli(lab, ['recover']);
      // A window that was open before it opens again.
      recovering.state('confirming').then(
        () => recovering.kill('SIGTERM'),
        () => undefined,
      );
      await recovering.ended;
      if ((await store.read(uplink)) !== undefined) await runCli(lab, ['restore', '-i', uplink]);
      await takeLog();
    },
    async judge() {
      const log = await takeLog();
      const problems: string[] = [];
      moves += 1;
      const journal = await store.read(uplink);
      if (journal !== undefined && journal.stage !== 'committed') problems.push(`journal in ${journal.stage}`);
      problems.push(...(await strangers(['lock', ...(journal === undefined ? [] : [`${uplink}.journal`])])));
      const result = journal?.stage === 'committed' ? 'committed' : 'before';
      if (result === 'committed') {
        problems.push(...driftOf(await runCli(lab, ['status'])));
        moves += 1;
        const back = await runCli(lab, ['restore', '-i', uplink]);
        if (back.code !== 0) problems.push(`restore: exit ${back.code}: ${back.outcome?.failure?.what} ${back.stderr}`);
      }
      problems.push(...(await differences()));
      problems.push(...(await strangers(['lock'])));
      return { result, problems, log };
    },
    [Symbol.asyncDispose]: lab.destroy,
  };
}

function driftOf(status: CliResult): readonly string[] {
  const reports = status.objects.flatMap(object => (object.status === undefined ? [] : [object.status]));
  return reports.flatMap(({ drift, guard, live }) => [
    ...drift.map(line => `drift: ${line}`),
    ...(guard === null ? [] : [`status tells of a guard: ${guard.pid}`]),
    ...(live ? ['status tells of a run'] : []),
  ]);
}
