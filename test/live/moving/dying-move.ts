/**
 * `node dying-move.ts '<json>'`: moves a link or brings it home, in the namespace that it runs in, and is killed (SIGKILL) as soon as the run has come so far.
 * Ends with 0 where it never came there.
 */
import { createEngine } from '../../../src/engine/create-engine.ts';
import type { MoveLinkOptions } from '../../../src/engine/move/moves.ts';
import type { RunEvent } from '../../../src/engine/run.ts';

/** What to do. */
export interface DyingMove {
  readonly stateDir: string;
  readonly ovsdb: string;
  readonly link: string;
  /** Absent: it comes home. */
  readonly options?: Omit<MoveLinkOptions, 'link'>;
  /** A state of the chart; `in transit`: the link is in a namespace of ours, on its way to another. */
  readonly dieAt: string;
}

const { stateDir, ovsdb, link, options, dieAt } = JSON.parse(process.argv[2] ?? '') as DyingMove;
await using engine = createEngine({ stateDir, ovsdb });

function isThere(event: RunEvent): boolean {
  if (event.type === 'state') return event.state === dieAt;
  return dieAt === 'in transit' && event.type === 'effect' && event.effect.op === 'link.move';
}

const run = options === undefined ? engine.returnLink({ link }) : engine.moveLink({ link, ...options });
for await (const event of run) if (isThere(event)) process.kill(process.pid, 'SIGKILL');
