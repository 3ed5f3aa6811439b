/**
 * `node dying-move.ts '<json>'`: moves a link or brings it home, in the namespace that it runs in, and is killed (SIGKILL) as soon as the run is in a state.
 * Ends with 0 where the run never came there.
 */
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { MoveLinkOptions } from '../../../src/engine/move/moves.ts';

/** What to do. */
export interface DyingMove {
  readonly stateDir: string;
  readonly ovsdb: string;
  readonly link: string;
  /** Absent: it comes home. */
  readonly options?: Omit<MoveLinkOptions, 'link'>;
  readonly dieAt: string;
}

const { stateDir, ovsdb, link, options, dieAt } = JSON.parse(process.argv[2] ?? '') as DyingMove;
await using engine = createEngine({ stateDir, ovsdb });
const run = options === undefined ? engine.returnLink({ link }) : engine.moveLink({ link, ...options });
for await (const event of run) {
  if (event.type === 'state' && event.state === dieAt) process.kill(process.pid, 'SIGKILL');
}
