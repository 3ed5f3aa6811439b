import { closeSync, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

/** A process of this network namespace, as /proc shows it. */
export interface ProcessFacts {
  readonly pid: number;
  /** What it calls itself, at most 15 characters. */
  readonly name: string;
  readonly argv: readonly string[];
  /** Its control group in systemd's hierarchy, `/system.slice/ssh.service`; null where there is none. */
  readonly controlGroup: string | null;
  /** It was stopped by a signal, and does nothing until it gets another one. */
  readonly isStopped: boolean;
}

/** What is longer is cut off. */
const MAX_COMMAND_LINE_BYTES = 64 * 1024;
/** pid_max of a 64-bit kernel is 4 Mi; nobody runs more than this, and a folder that claims so is not read to its end. */
const MAX_PROCESSES = 100_000;
/** So many names are read at a stretch, in about 2 ms; then whoever else waits goes on. */
const STRETCH = 128;
/** TASK_COMM_LEN with its line feed; kernel threads have longer names, which are none of ours. */
const nameBuffer = Buffer.alloc(64);

/**
 * The processes of this network namespace whose name is one of these, by pid. Names are read first, one small read of the kernel's memory each: the
 * thread pool would need ten times as long. Never rejects; what ends meanwhile is left out.
 */
export async function scanProcesses(root: string, names: ReadonlySet<string>): Promise<readonly ProcessFacts[]> {
  const proc = join(root, 'proc');
  const own = readLink(join(proc, 'self/ns/net'));
  if (own === undefined) return [];
  const found: ProcessFacts[] = [];
  for (const [count, pid] of listPids(proc).entries()) {
    if (count % STRETCH === STRETCH - 1) await setImmediate();
    const folder = `${proc}/${pid}`;
    const name = readName(folder);
    if (name === undefined || !names.has(name) || readLink(join(folder, 'ns/net')) !== own) continue;
    if (!isTrusted(folder)) continue;
    const line = readBytes(join(folder, 'cmdline'), MAX_COMMAND_LINE_BYTES);
    // A zombie has none.
    if (line === undefined || line === '') continue;
    const argv = line.replace(/\0$/, '').split('\0');
    found.push({ pid: Number(pid), name, argv, controlGroup: readControlGroup(folder), isStopped: isStopped(folder) });
  }
  return found;
}

/** Anybody may call a process `dhclient`; what is said of one is only believed of root's, and of our own user's. */
function isTrusted(folder: string): boolean {
  try {
    const { uid } = statSync(folder);
    return uid === 0 || uid === process.geteuid?.();
  } catch {
    return false;
  }
}

function listPids(proc: string): readonly string[] {
  try {
    return readdirSync(proc)
      .filter(name => /^[1-9]\d{0,9}$/.test(name))
      .slice(0, MAX_PROCESSES)
      .sort((a, b) => Number(a) - Number(b));
  } catch {
    return [];
  }
}

/** State `T` of proc(5), behind the name in parentheses, which may hold anything. */
function isStopped(folder: string): boolean {
  const stat = readBytes(join(folder, 'stat'), 1024) ?? '';
  return stat.startsWith('T', stat.lastIndexOf(')') + 2);
}

/** cgroups(7): version 2 stands in hierarchy 0, and systemd's own of version 1 is called `name=systemd`. */
function readControlGroup(folder: string): string | null {
  const lines = (readBytes(join(folder, 'cgroup'), MAX_COMMAND_LINE_BYTES) ?? '').split('\n');
  const line = lines.find(one => /^\d+:name=systemd:/.test(one)) ?? lines.find(one => one.startsWith('0::'));
  const path = line?.replace(/^\d+:[^:]*:/, '');
  return path === undefined || path === '' || path === '/' ? null : path;
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** One read gives all of it. */
function readName(folder: string): string | undefined {
  try {
    const fd = openSync(`${folder}/comm`, 'r');
    try {
      return nameBuffer.toString('latin1', 0, readSync(fd, nameBuffer)).trimEnd();
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** The first bytes of a file as text; undefined where it cannot be read. Files of /proc say nothing of their length. */
function readBytes(path: string, limit: number): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const buffer = Buffer.allocUnsafe(limit);
    let length = 0;
    while (length < limit) {
      const count = readSync(fd, buffer, length, limit - length, null);
      if (count === 0) break;
      length += count;
    }
    return buffer.toString('utf8', 0, length);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
