import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Where systemd looks for units, the first one wins: systemd.unit(5). */
const UNIT_FOLDERS = [
  'etc/systemd/system',
  'run/systemd/transient',
  'run/systemd/system',
  'run/systemd/generator',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
];

/** These start their clients themselves, whatever systemd would do. */
const NETWORK_MANAGERS = new Set([
  'NetworkManager.service',
  'systemd-networkd.service',
  'connman.service',
  'wickedd.service',
  'dhcpcd.service',
]);

/** Control groups of people's sessions: nobody starts again what ran there. */
const SESSION = /^(session-\w+|init)\.scope$|^user@\d+\.service$/;

/** A longer file is not looked at. */
const MAX_UNIT_BYTES = 64 * 1024;

/**
 * Who would start a process of this control group again: a systemd unit or a container; null where nobody is known to. A unit that is not restarted
 * (ifupdown's `networking.service` and `ifup@eth0.service`) is nobody. Never rejects.
 */
export async function findSupervisor(root: string, controlGroup: string | null): Promise<string | null> {
  const parts = (controlGroup ?? '').split('/').filter(part => part !== '');
  // systemd --user, and what a container's own init makes, are below the group that counts.
  const container = parts.find(part => /^(kubepods|docker|lxc|machine)\b/.test(part));
  if (container !== undefined) return parts.at(-1) ?? container;
  if (parts.some(part => SESSION.test(part))) return null;
  const unit = parts.findLast(part => /\.(service|scope)$/.test(part));
  if (unit === undefined) return null;
  if (unit.endsWith('.scope') || NETWORK_MANAGERS.has(unit)) return unit;
  return (await isRestarted(root, unit)) ? unit : null;
}

/** True also for a unit that is not to be found: who does not know must not stop it. */
async function isRestarted(root: string, unit: string): Promise<boolean> {
  const template = unit.replace(/@.+(?=\.service$)/, '@');
  for (const name of new Set([unit, template])) {
    for (const folder of UNIT_FOLDERS) {
      const text = await readText(join(root, folder, name));
      if (text === undefined) continue;
      // Drop-ins that change this are too rare to look for: a unit's own file says what it is for.
      const restart = [...text.matchAll(/^\s*Restart\s*=\s*(\S*)\s*$/gm)].at(-1)?.[1];
      return restart !== undefined && restart !== '' && restart !== 'no';
    }
  }
  return true;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_UNIT_BYTES), 0, MAX_UNIT_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return undefined;
  }
}
