import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { uplinkError } from '../../src/errors.ts';
import { type LabResources, labPrefix, registerLab, unregisterLab } from './cleanup.ts';
import { labEnvironment, spawnInNetns } from './command.ts';
import { missingPrograms } from './needs.ts';

/** A real dbus-daemon on which everybody may do everything. */
export interface LabSystemBus extends AsyncDisposable {
  /** For `DBUS_SYSTEM_BUS_ADDRESS`. */
  readonly address: string;
  readonly socketPath: string;
  /** SIGSTOP: connections are taken by the kernel, and nothing is answered. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves when it is dead. Its socket's file stays. */
  kill(): Promise<void>;
}

/** What this machine lacks for {@link startSystemBus}, with the apt package. */
export function systemBusNeeds(): string[] {
  return missingPrograms({ 'dbus-daemon': 'dbus-daemon', setpriv: 'util-linux' });
}

/** Starts a private bus; resolves when it listens. It dies with this process. Rejects with `DEFECT` and its words. */
export async function startSystemBus(): Promise<LabSystemBus> {
  const dir = mkdtempSync(join(tmpdir(), labPrefix()));
  const resources: LabResources = { namespaces: [], daemons: new Set(), children: new Set(), dir };
  registerLab(resources);
  const socketPath = join(dir, 'bus');
  const configuration = join(dir, 'bus.conf');
  writeFileSync(configuration, configure(socketPath));
  const argv = ['setpriv', '--pdeathsig', 'KILL', 'dbus-daemon', '--nofork', '--nopidfile', '--print-address'];
  const child = spawnInNetns(undefined, [...argv, `--config-file=${configuration}`], {
    env: labEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  resources.children.add(child);
  const ended = once(child, 'close');
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const dispose = async () => {
    await kill();
    await rm(dir, { recursive: true, force: true });
    unregisterLab(resources);
  };
  const line = await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    ended.then(() => undefined),
  ]);
  if (line === undefined) {
    await dispose();
    throw uplinkError('DEFECT', { what: 'dbus-daemon did not start', got: said });
  }
  return {
    address: `unix:path=${socketPath}`,
    socketPath,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    kill,
    [Symbol.asyncDispose]: dispose,
  };
}

function configure(socketPath: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${socketPath}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow send_type="signal"/><allow receive_sender="*"/>
<allow own="*"/><allow user="*"/></policy></busconfig>
`;
}
