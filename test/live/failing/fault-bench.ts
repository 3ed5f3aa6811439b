import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import { pidsInNamespace } from '../../lab/cleanup.ts';
import { captureHost, diffImages, type HostImage } from '../../lab/host-image.ts';
import { createLab, type Lab, type LabOptions } from '../../lab/lab.ts';
import { configurePlainHost } from '../../lab/rich-host.ts';
import { watchKernel } from '../../lab/watch.ts';
import type { Incident } from './act.ts';
import { type Ended, runActing, storyOf } from './run-acting.ts';

/** Short, so that a case takes a second or two; a slow machine only fails earlier, which ends the same way. */
const QUICK = ['--step-timeout', '3s', '--gate-timeout', '3s'] as const;

const PATIENT = ['--step-timeout', '15s', '--gate-timeout', '15s'] as const;

/** The tap of the userspace datapath itself, which is OVS's: it goes a moment after the last bridge, or stays when ovs-vswitchd dies. */
const DATAPATH_LINK = ['ovs-netdev'];

/** A lab whose host must always come back to the same image. */
export interface FaultBench extends AsyncDisposable {
  readonly lab: Lab;
  readonly before: HostImage;
  /** `migrate` of the lab's uplink onto `br-ext`, with short deadlines. */
  migrate(incidents?: readonly Incident[], ...more: readonly string[]): Promise<Ended>;
  /** `restore` of the lab's uplink. */
  restore(incidents?: readonly Incident[], ...more: readonly string[]): Promise<Ended>;
  /** Any command. */
  command(args: readonly string[], incidents?: readonly Incident[]): Promise<Ended>;
  /** Expects the host as it was, no process of ours, a free lock and no file but the lock's. */
  expectAsBefore(ended: Ended, options?: Expected): Promise<void>;
  /** Restores what was committed and expects the host as it was. */
  expectRestored(): Promise<void>;
  /** Expects that a migration and its way back still work. */
  expectStillWorks(): Promise<void>;
}

/** What {@link FaultBench.expectAsBefore} overlooks. */
export interface Expected {
  /** OVSDB could not be reached, so our rows and the journal are still there. Default false. */
  readonly pendingRows?: boolean | undefined;
}

/** Makes a bench with the plain host; `configure` replaces that. */
export async function createBench(
  options: LabOptions = {},
  configure: (lab: Lab) => Promise<void> = configurePlainHost,
): Promise<FaultBench> {
  const lab = await createLab(options);
  try {
    await configure(lab);
    return benchOf(lab, await captureHost(lab));
  } catch (error) {
    await lab.destroy();
    throw error;
  }
}

/** A bench over a lab that stands as it is to be found again. */
export function benchOf(lab: Lab, before: HostImage): FaultBench {
  const command: FaultBench['command'] = (args, incidents = []) => runActing(lab, args, { incidents });
  const bench: FaultBench = {
    lab,
    before,
    command,
    async migrate(incidents, ...more) {
      const args = ['migrate', '-i', lab.uplinkName, '-b', 'br-ext', ...more];
      const ended = await command([...args, ...(hasDeadlines(more) ? [] : QUICK)], incidents);
      const isTooEarly = !ended.happened && (ended.code === 3 || ended.code === 4);
      if (!isTooEarly) return ended;
      // A machine too busy for the short deadlines: the run ended well, but before the state that the case is about.
      lab.resumeVswitchd();
      await awaitApplied(lab);
      await bench.expectAsBefore(ended);
      return await command([...args.filter((_, index) => !isDeadline(args, index)), ...PATIENT], incidents);
    },
    restore: (incidents, ...more) => command(['restore', '-i', lab.uplinkName, ...more], incidents),
    async expectAsBefore(ended, { pendingRows = false } = {}) {
      const captured = await captureHost(lab);
      const after = pendingRows ? { ...captured, ovsRows: before.ovsRows } : captured;
      expect(diffImages(before, after, { ignoreLinks: DATAPATH_LINK }), storyOf(ended)).toEqual([]);
      await expectNoTraces(lab, pendingRows ? ['lock', `${lab.uplinkName}.journal`] : ['lock']);
    },
    async expectRestored() {
      const back = await bench.restore();
      expect(back.code, storyOf(back)).toBe(0);
      await bench.expectAsBefore(back);
    },
    async expectStillWorks() {
      const there = await bench.migrate();
      expect(there.code, storyOf(there)).toBe(0);
      await bench.expectRestored();
    },
    [Symbol.asyncDispose]: lab.destroy,
  };
  return bench;
}

const DEADLINES = ['--step-timeout', '--gate-timeout'];

function hasDeadlines(args: readonly string[]): boolean {
  return args.some(arg => DEADLINES.includes(arg));
}

/** True for a deadline's option and for its value. */
function isDeadline(args: readonly string[], index: number): boolean {
  return DEADLINES.includes(args[index] ?? '') || DEADLINES.includes(args[index - 1] ?? '');
}

/** Expects no process in the namespace but the lab's daemons, a lock that can be had, and no other file in the state folder. */
export async function expectNoTraces(lab: Lab, known: readonly string[] = ['lock']): Promise<void> {
  const daemons = [lab.ovsdbPid(), lab.vswitchdPid()];
  expect((await pidsInNamespace(lab.hostNs)).filter(pid => !daemons.includes(pid))).toEqual([]);
  const files = await readdir(lab.stateDir);
  expect(files.filter(file => !known.includes(file) && !/\.flight(\.1)?$/.test(file))).toEqual([]);
  if (!files.includes('lock')) return;
  const { code } = await lab.run(lab.hostNs, ['flock', '--nonblock', `${lab.stateDir}/lock`, 'true']);
  expect(code, 'the lock is still held').toBe(0);
}

/**
 * Resolves when no address of the host is tentative. Where ovs-vswitchd set the uplink down and `recover` set it up again, the kernel makes the
 * link-local address anew, with duplicate address detection (addrconf_dad_start): about a second in which it differs from before.
 */
async function awaitUsableAddresses(lab: Lab): Promise<void> {
  await using watch = await watchKernel(lab.hostNs, ['address']);
  const tentative = JSON.parse((await lab.hostIp('-j', 'addr', 'show', 'tentative')) || '[]') as { ifname?: string }[];
  if (tentative.every(link => link.ifname === undefined)) return;
  await watch.event(
    line => line.includes(` ${lab.uplinkName} `) && line.includes('fe80::') && !line.includes('tentative'),
  );
}

/**
 * Finishes with `recover` what a way back without Open vSwitch left, and expects the host as it was. Resolves when ovs-vswitchd has caught up,
 * too: it may connect seconds after ovsdb-server began to listen, and a `recover` before that says that something is still left.
 */
export async function recoverFully(bench: FaultBench): Promise<void> {
  const first = await bench.command(['recover']);
  const pendingRows = first.outcome?.pendingRows;
  // 6: a deadline passed while only waiting.
  expect(first.code, storyOf(first)).toBe(pendingRows ? 6 : 0);
  if (pendingRows) expect(first.outcome?.advice.join(), storyOf(first)).toContain('recover');
  await awaitApplied(bench.lab);
  let last = first;
  if (pendingRows) {
    last = await bench.command(['recover']);
    expect(last.code, storyOf(last)).toBe(0);
  }
  await awaitUsableAddresses(bench.lab);
  await bench.expectAsBefore(last);
}

/** Resolves when ovs-vswitchd has worked off the database. */
export async function awaitApplied(lab: Lab): Promise<void> {
  await lab.vsctl('set', 'Open_vSwitch', '.', `external_ids:lab=${Math.floor(performance.now())}`);
}
