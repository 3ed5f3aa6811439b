import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLab, type Lab } from '../../lab/lab.ts';
import { configurePlainHost, configureRichHost } from '../../lab/rich-host.ts';
import { createMortals, type Mortal, type Mortals } from '../../live/killing/mortals.ts';
import { GUEST_OUTPUT } from '../initramfs.ts';

/** What the host of the lab has on its uplink. */
export type HostKind = 'plain' | 'rich';

/** A lab in the guest, and processes with an engine in its host's namespace. */
export interface GuestLab {
  readonly lab: Lab;
  /** One that lives as long as the lab, for all who leave it alive: node needs seconds to start. */
  worker(): Promise<Mortal>;
  /** For those that are killed. */
  readonly mortals: Mortals;
}

let shared: (GuestLab & { readonly kind: HostKind }) | undefined;

/**
 * Carries out `work` in a lab that every scenario with this kind of host has, one after another: making one takes seconds under emulation.
 * Whoever changes the host takes it back. When `work` fails, the logs of the lab's daemons are left for the host, and the next scenario gets
 * a new lab.
 */
export async function inSharedLab<T>(kind: HostKind, work: (guest: GuestLab) => Promise<T>): Promise<T> {
  if (shared?.kind !== kind) {
    await endSharedLab();
    const lab = await createLab({ name: kind });
    const mortals = createMortals(lab);
    let worker: Promise<Mortal> | undefined;
    const employ = () => {
      worker ??= mortals.next();
      return worker;
    };
    shared = { kind, lab, worker: employ, mortals };
    await (kind === 'rich' ? configureRichHost(lab) : configurePlainHost(lab));
  }
  try {
    return await work(shared);
  } catch (error) {
    keepLogs(shared.lab);
    await endSharedLab();
    throw error;
  }
}

async function endSharedLab(): Promise<void> {
  const ended = shared;
  shared = undefined;
  await ended?.mortals.stop();
  await ended?.lab.destroy();
}

function keepLogs(lab: Lab): void {
  const folder = join(GUEST_OUTPUT, lab.id);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(lab.dir).filter(entry => entry.endsWith('.log'))) {
    cpSync(join(lab.dir, name), join(folder, name));
  }
}
