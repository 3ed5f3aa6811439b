/** Runs in the lab's host namespace: `node spoiled-move.ts '<json>'`. Moves a link, and right before the first message of the kind somebody else runs commands. */
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { MoveLinkOptions } from '../../../src/engine/move/moves.ts';
import { createLinuxHost } from '../../../src/host/linux-host.ts';
import { type Command, spoil } from './spoil.ts';

/** What to do. */
export interface SpoiledMove {
  readonly stateDir: string;
  readonly ovsdb: string;
  readonly options: MoveLinkOptions;
  readonly before: readonly Command[];
}

const { stateDir, ovsdb, options, before } = JSON.parse(process.argv[2] ?? '') as SpoiledMove;
await using host = createLinuxHost({ ovsdb });
await using engine = createEngine({ stateDir, host: spoil(host, before) });
process.stdout.write(`${JSON.stringify(await engine.moveLink(options).outcome)}\n`);
