import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabResources, labPrefix, registerLab, unregisterLab } from './cleanup.ts';
import { labEnvironment, spawnInNetns } from './command.ts';
import { missingPrograms } from './needs.ts';
import { untilReady } from './ready-child.ts';

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

const START_TIMEOUT_MS = 20_000;

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
  writeFileSync(configuration, configureOpenBus(socketPath));
  const argv = ['setpriv', '--pdeathsig', 'KILL', 'dbus-daemon', '--nofork', '--nopidfile', '--print-address'];
  const child = spawnInNetns(undefined, [...argv, `--config-file=${configuration}`], {
    env: labEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  resources.children.add(child);
  const remove = async () => {
    await rm(dir, { recursive: true, force: true });
    unregisterLab(resources);
  };
  const bus = await untilReady(child, { what: 'dbus-daemon', limitMs: START_TIMEOUT_MS }).catch(
    async (error: unknown) => {
      await remove();
      throw error;
    },
  );
  return {
    ...bus,
    address: `unix:path=${socketPath}`,
    socketPath,
    [Symbol.asyncDispose]: async () => {
      await bus.kill();
      await remove();
    },
  };
}

/** The configuration of a bus on which everybody may do everything. */
export function configureOpenBus(socketPath: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${socketPath}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow send_type="signal"/><allow receive_sender="*"/>
<allow own="*"/><allow user="*"/></policy></busconfig>
`;
}
