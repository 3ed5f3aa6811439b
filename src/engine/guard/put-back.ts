import type { Logger } from 'pino';
import type { Host } from '../../host/host.ts';
import { removeControlSocket } from '../control.ts';
import type { JournalRecord } from '../journal/record.ts';
import { startRun } from '../migration/run.ts';
import { createSession } from '../migration/session.ts';
import type { RunOutcome } from '../run.ts';
import type { StateLock } from '../state-lock.ts';
import { createSurroundings } from '../surroundings.ts';
import type { GuardOrder } from './guards.ts';
import { noGuards } from './guards.ts';

/** What became of the run's journal in the guard's hands. */
export type PutBack =
  /** It was none of the guard's business (any more). */
  { readonly result: 'left'; readonly why: string } | { readonly result: 'worked'; readonly outcome: RunOutcome };

/**
 * Puts the host back as the journal has it, under a lock that is held already and is released at the end. Also from `verifying` and
 * `confirming`: nobody is there to answer for what is not committed. Rejects where the journal cannot be read.
 */
export async function putBack(work: {
  readonly host: Host;
  readonly stateDir: string;
  readonly order: GuardOrder;
  readonly lock: StateLock;
  readonly logger: Logger;
}): Promise<PutBack> {
  const { host, stateDir, order, lock, logger } = work;
  const real = createSurroundings(stateDir);
  const journal = await real.store.read(order.uplink);
  const why = reasonToLeave(journal, order);
  if (journal === undefined || why !== null) {
    removeControlSocket(stateDir, order.uplink);
    lock.release();
    return { result: 'left', why: why ?? '' };
  }
  const session = createSession(host, { ...real, takeLock: () => lock, guards: noGuards }, journal.id);
  session.adopt(journal);
  const run = startRun({
    session,
    request: journal.request,
    entry: 'rollingBack',
    journal,
    restore: false,
    accept: [],
    after: Promise.resolve(),
    logger,
    signal: undefined,
  });
  return { result: 'worked', outcome: await run.outcome };
}

/** Why a guard must not touch what the journal describes; null when it must act. */
export function reasonToLeave(
  journal: Pick<JournalRecord, 'id' | 'generation' | 'stage'> | undefined,
  { id, generation }: GuardOrder,
): string | null {
  if (journal === undefined) return 'there is no journal: nothing was changed yet, or everything is put back';
  if (journal.id !== id) return `the journal is of another migration (${journal.id})`;
  if (journal.generation !== generation) return `a later run works on the journal (generation ${journal.generation})`;
  return journal.stage === 'committed' ? 'the migration is committed' : null;
}
