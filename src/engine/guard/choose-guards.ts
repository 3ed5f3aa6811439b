import { resolve } from 'node:path';
import { realClock } from '../clock.ts';
import type { EngineOptions } from '../engine.ts';
import { hostArguments } from '../host-options.ts';
import type { Guards } from './guards.ts';
import { noGuards } from './guards.ts';
import { findProgram, launchProcess, launchUnit } from './launch.ts';
import { createGuards } from './post-guard.ts';
import { findGuard } from './sighting.ts';

/**
 * The guards that the engine's options ask for. By default none where none is possible: a host that was handed in is not one that another
 * process could reach, and without our program there is nothing to start.
 */
export function chooseGuards(stateDir: string, options: EngineOptions): Guards {
  const folder = resolve(stateDir);
  const isPossible = options.host === undefined && findProgram() !== undefined;
  const kind = options.guard ?? (isPossible ? 'process' : 'none');
  // Also without one of our own `status` tells of the others'.
  if (kind === 'none') return { ...noGuards, find: uplink => findGuard(folder, uplink, realClock) };
  return createGuards({
    clock: realClock,
    stateDir: folder,
    launch: kind === 'systemd' ? launchUnit : launchProcess,
    onHang: options.onHang ?? 'wait',
    argsFor: uplink => ['guard', '--interface', uplink, '--state-dir', folder, ...hostArguments(options)],
  });
}
