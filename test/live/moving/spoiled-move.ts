/**
 * Runs in the lab's host namespace: `node spoiled-move.ts '<json>'`. Moves a link or brings it home, and right before the first message of the kind
 * somebody else runs a command: what the pre-check has seen is then not true any more. Prints the outcome as JSON.
 */
import { execFileSync } from 'node:child_process';
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { MoveLinkOptions } from '../../../src/engine/move/moves.ts';
import type { Host, Netns } from '../../../src/host/host.ts';
import { createLinuxHost } from '../../../src/host/linux-host.ts';

/** What to do. */
export interface SpoiledMove {
  readonly stateDir: string;
  readonly ovsdb: string;
  readonly link: string;
  /** Absent: it comes home. */
  readonly options?: Omit<MoveLinkOptions, 'link'>;
  /** Command lines, run before the first `link.move`. */
  readonly before: readonly (readonly string[])[];
}

const order = JSON.parse(process.argv[2] ?? '') as SpoiledMove;
let isSpoiled = false;

const spoil = <T extends Pick<Host, 'apply'>>(place: T): T => ({
  ...place,
  apply(effects, signal) {
    if (!isSpoiled && effects.some(({ op }) => op === 'link.move')) {
      isSpoiled = true;
      for (const [file, ...args] of order.before) execFileSync(file!, args, { stdio: 'inherit' });
    }
    return place.apply(effects, signal);
  },
});

await using linux = createLinuxHost({ ovsdb: order.ovsdb });
const host: Host = {
  ...spoil(linux),
  openNetns: async path => spoil<Netns>(await linux.openNetns(path)),
};
await using engine = createEngine({ stateDir: order.stateDir, host });
const { link, options } = order;
const run = options === undefined ? engine.returnLink({ link }) : engine.moveLink({ link, ...options });
process.stdout.write(`${JSON.stringify(await run.outcome)}\n`);
