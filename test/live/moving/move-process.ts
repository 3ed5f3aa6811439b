/** Runs in the lab's host namespace: `node move-process.ts '<json>'`, moves a link or brings it home, and prints events and outcome as JSON lines. */
import { HOME } from '../../../src/domain/effect.ts';
import type { MoveRequest } from '../../../src/domain/move/request.ts';
import { DEFAULT_MOVE_DEADLINES } from '../../../src/domain/move/request.ts';
import { realClock } from '../../../src/engine/clock.ts';
import { createMoveStore } from '../../../src/engine/move/record.ts';
import { startMove } from '../../../src/engine/move/run.ts';
import { createMoveSession } from '../../../src/engine/move/session.ts';
import { findLockHolder, takeStateLock } from '../../../src/engine/state-lock.ts';
import { createLinuxHost } from '../../../src/host/linux-host.ts';

/** What to do, and where its journal is. */
export interface MoveOrder {
  readonly stateDir: string;
  readonly ovsdb: string;
  readonly go: typeof HOME | Partial<MoveRequest>;
  readonly link: string;
}

const order = JSON.parse(process.argv[2] ?? '') as MoveOrder;
const moves = createMoveStore(order.stateDir);
const surroundings = {
  clock: realClock,
  moves,
  newId: () => crypto.randomUUID(),
  takeLock: () => takeStateLock(order.stateDir),
  findLockHolder: () => findLockHolder(order.stateDir),
};
await using host = createLinuxHost({ ovsdb: order.ovsdb });
const journal = order.go === HOME ? await moves.read(order.link) : undefined;
const session = createMoveSession(host, surroundings, journal?.id ?? surroundings.newId());
if (journal !== undefined) session.adopt(journal);
const asked = order.go === HOME ? journal?.request : order.go;
const request: MoveRequest = {
  link: order.link,
  netns: '',
  name: '',
  keepAddresses: false,
  accept: [],
  attachment: null,
  deadlines: DEFAULT_MOVE_DEADLINES,
  ...asked,
};
const run = startMove({
  session,
  request,
  entry: journal === undefined ? 'assessing' : journal.stage === 'inUse' ? 'inUse' : 'returning',
  goHome: journal !== undefined,
  logger: undefined,
  signal: undefined,
});
for await (const event of run) process.stdout.write(`${JSON.stringify({ event })}\n`);
process.stdout.write(`${JSON.stringify({ outcome: await run.outcome })}\n`);
