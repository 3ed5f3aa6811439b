import { type ChildProcess, spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labEnvironment, runCommand } from './command.ts';
import type { Daemon } from './daemon.ts';

/** What one lab has made and what must be gone afterwards; filled in while the lab grows. */
export interface LabResources {
  readonly namespaces: string[];
  readonly daemons: Set<Daemon>;
  readonly children: Set<ChildProcess>;
  dir: string | null;
}

const PREFIX = 'ovsu';
const NAMESPACE_DIR = '/run/netns';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const live = new Set<LabResources>();

/** The start of every name that this process gives: `ovsu-<pid>-`. */
export function labPrefix(): string {
  return `${PREFIX}-${process.pid}-`;
}

/** Makes sure that a lab's resources are removed even when this process exits, crashes or is told to stop. */
export function registerLab(resources: LabResources): void {
  if (live.size === 0) {
    process.on('exit', removeEverything);
    for (const name of SIGNALS) process.on(name, onSignal);
  }
  live.add(resources);
}

/** Takes a destroyed lab off the list of {@link registerLab}. */
export function unregisterLab(resources: LabResources): void {
  live.delete(resources);
  if (live.size > 0) return;
  process.off('exit', removeEverything);
  for (const name of SIGNALS) process.off(name, onSignal);
}

/** Pids in a namespace, without this process and its parent (which may look into the namespace). */
export async function pidsInNamespace(name: string): Promise<number[]> {
  const { stdout } = await runCommand(['ip', 'netns', 'pids', name]);
  return parsePids(stdout);
}

/**
 * Removes namespaces, their processes and directories of labs whose process is dead (killed with SIGKILL). Returns the
 * names of the namespaces. Not for machines on which several pid namespaces share `/run/netns`: a living lab of another
 * pid namespace looks dead.
 */
export function sweepStaleLabs(): string[] {
  const namespaces = entries(NAMESPACE_DIR).filter(isStale);
  for (const name of namespaces) removeNamespace(name);
  for (const name of entries(tmpdir()).filter(isStale)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  return namespaces;
}

function isStale(name: string): boolean {
  const pid = Number(new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1] ?? process.pid);
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // no namespace was ever made on this machine
  }
}

function removeEverything(): void {
  for (const { children, daemons, namespaces, dir } of live) {
    for (const child of children) child.kill('SIGKILL');
    for (const daemon of daemons) daemon.signal('SIGKILL');
    for (const name of namespaces) removeNamespace(name);
    if (dir !== null) rmSync(dir, { recursive: true, force: true });
  }
  live.clear();
}

// Somebody else who listens to the signal decides what it means; the exit hook then does the work.
function onSignal(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return;
  removeEverything();
  process.off(name, onSignal);
  process.kill(process.pid, name);
}

function removeNamespace(name: string): void {
  const env = labEnvironment();
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { env, encoding: 'utf8' });
  for (const pid of parsePids(stdout ?? '')) killProcess(pid);
  spawnSync('ip', ['netns', 'del', name], { env, stdio: 'ignore' });
}

function parsePids(text: string): number[] {
  const pids = text.split(/\s+/).filter(Boolean).map(Number);
  return pids.filter(pid => pid !== process.pid && pid !== process.ppid);
}

/** Kills a process of a lab; nothing happens when it has ended already. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}
