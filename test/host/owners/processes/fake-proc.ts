import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A process in a folder that stands for `/`. */
export interface FakeProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** Default: the name of the program. */
  readonly name?: string;
  /** Default: that of the reader. */
  readonly netns?: string;
  readonly controlGroup?: string;
}

const OWN_NETNS = 'net:[4026531840]';

/** Writes what proc(5) says of processes, and of the reader itself. */
export async function putProcesses(root: string, processes: readonly FakeProcess[]): Promise<void> {
  await putNetns(root, 'self', OWN_NETNS);
  for (const { pid, argv, name, netns, controlGroup } of processes) {
    const program = (argv[0] ?? '').split('/').at(-1) ?? '';
    await putFile(root, `proc/${pid}/comm`, `${(name ?? program).slice(0, 15)}\n`);
    await putFile(root, `proc/${pid}/cmdline`, argv.map(word => `${word}\0`).join(''));
    await putFile(root, `proc/${pid}/cgroup`, `0::${controlGroup ?? '/'}\n`);
    await putNetns(root, String(pid), netns ?? OWN_NETNS);
  }
}

/** Writes a file and the folders that it is in. */
export async function putFile(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function putNetns(root: string, pid: string, netns: string): Promise<void> {
  await mkdir(join(root, 'proc', pid, 'ns'), { recursive: true });
  await symlink(netns, join(root, 'proc', pid, 'ns/net'));
}
