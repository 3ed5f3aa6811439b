import type { Logger } from 'pino';
import { MAX_LINK_NAME_LENGTH } from '../../domain/link.ts';
import type { LinkLists } from '../../domain/link-patterns.ts';
import type { LinkIdentity } from '../../domain/move/identity.ts';
import type { MoveWay } from '../../domain/move/plan.ts';
import { MOVE_WAYS } from '../../domain/move/plan.ts';
import type { Attachment, MoveDeadlines, MoveRequest } from '../../domain/move/request.ts';
import { DEFAULT_MOVE_DEADLINES } from '../../domain/move/request.ts';
import { toUplinkError, uplinkError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { Surroundings } from '../surroundings.ts';
import { endedMove } from './ended-move.ts';
import type { MoveRecord } from './record.ts';
import { entryOf } from './record.ts';
import type { MoveRun } from './run.ts';
import { startMove } from './run.ts';
import { createMoveSession } from './session.ts';
import type { MoveReport } from './status.ts';
import { reportOf } from './status.ts';

/** What to move. Fields that are left out have the defaults of the command line. */
export interface MoveLinkOptions {
  /** Name of the link at home. */
  readonly link: string;
  /** Where it is to go: a path like `/proc/PID/ns/net`, or a name below /run/netns. */
  readonly netns: string;
  /** Its name there. Default: the one that it has. */
  readonly name?: string;
  /** Which link is meant, for who has looked before: refused where another has the name by now. Default: whichever has it. */
  readonly identity?: LinkIdentity;
  /** Up there, also where it is down at home. Default: as at home. Brought home it is what it was. */
  readonly up?: boolean;
  /** It has its addresses there, too. Default: it has none. */
  readonly keepAddresses?: boolean;
  /** Default: one message, where the kernel can do that. */
  readonly way?: MoveWay;
  /** Codes of blocking findings that are accepted. */
  readonly accept?: readonly string[];
  /** Which links may be moved; each of the lists must let it through. */
  readonly links?: readonly LinkLists[];
  /** Kept in the journal, for who asks whose a link is. */
  readonly attachment?: Attachment;
  readonly deadlines?: Partial<MoveDeadlines>;
  /** Aborting it brings the link home, or refuses where nothing was changed. */
  readonly signal?: AbortSignal;
}

/** What to bring home. */
export interface ReturnLinkOptions {
  /** The name that it had at home. */
  readonly link: string;
  /** Only this move of it: refused with `JOURNAL_MISSING` where that is over, whoever has moved the link since. */
  readonly id?: string;
  readonly deadlines?: Partial<MoveDeadlines>;
}

/** The part of the engine that moves links between network namespaces. */
export interface Moves {
  /** Moves a NIC into another network namespace; it ends `inUse`, or with the link at home as it was. */
  moveLink(options: MoveLinkOptions): MoveRun;
  /** Brings a link home that was moved, wherever it is by now, and makes it what it was. Refused with `JOURNAL_MISSING` where none was moved. */
  returnLink(options: ReturnLinkOptions): MoveRun;
  /**
   * Brings home every link whose move or return has died half way, whose namespace is gone, or that is here already: one run each, in order. Those that
   * are under way in other processes are waited for, and left where they come to stand.
   */
  recoverMoves(options?: { readonly deadlines?: Partial<MoveDeadlines> }): Promise<readonly MoveRun[]>;
  /** Every link that was moved, and where it is. Reads only. */
  moves(): Promise<readonly MoveReport[]>;
}

/** Nothing is opened before the first call. */
export function createMoves(hostOf: () => Host, surroundings: Surroundings, logger: Logger | undefined): Moves {
  const { moves: store } = surroundings;

  const bringHome = (
    record: MoveRecord,
    deadlines: Partial<MoveDeadlines> | undefined,
    { goHome }: { readonly goHome: boolean },
  ): MoveRun => {
    const session = createMoveSession(hostOf(), surroundings, record.id);
    session.adopt(record);
    return startMove({
      session,
      request: { ...record.request, deadlines: { ...record.request.deadlines, ...deadlines } },
      entry: entryOf(record.stage),
      goHome,
      logger,
      signal: undefined,
    });
  };

  /** True where a run has died half way, where the namespace is gone or another one has its path, or the link came home without our writing it down. */
  const mustComeHome = async (record: MoveRecord): Promise<boolean> => {
    if (record.stage !== 'inUse') return true;
    const session = createMoveSession(hostOf(), surroundings, record.id);
    session.adopt(record);
    try {
      const { target, atHome, inTransit } = await session.look({});
      return target === null || atHome !== undefined || inTransit !== undefined;
    } finally {
      await session.close();
    }
  };

  return {
    moveLink(options) {
      const request = requestOf(options);
      return startMove({
        session: createMoveSession(hostOf(), surroundings, surroundings.newId()),
        request,
        entry: 'assessing',
        goHome: false,
        logger,
        signal: options.signal,
      });
    },
    returnLink({ link, id, deadlines }) {
      return endedMove(link, async () => {
        const record = await store.read(link);
        if (record === undefined || (id ?? record.id) !== record.id) throw missing(link, store.directory);
        return bringHome(record, deadlines, { goHome: true });
      });
    },
    async recoverMoves({ deadlines } = {}) {
      const runs: MoveRun[] = [];
      for (const entry of await store.list()) {
        const before = runs.at(-1)?.outcome;
        if ('failure' in entry) {
          runs.push(endedMove(entry.uplink, () => Promise.reject(toUplinkError(entry.failure))));
          continue;
        }
        // What cannot be read of one link keeps no other from coming home.
        const asked = await mustComeHome(entry.record).catch(toUplinkError);
        if (asked === false) continue;
        runs.push(
          endedMove(entry.uplink, async () => {
            if (asked !== true) throw asked;
            // One after another: they share the lock of the state folder.
            await before;
            // One that was under way in another process, and has come to stand meanwhile, is not to be disturbed.
            return bringHome(entry.record, deadlines, { goHome: entry.record.stage === 'inUse' });
          }),
        );
      }
      return runs;
    },
    async moves() {
      const reports: MoveReport[] = [];
      for (const entry of await store.list()) reports.push(await reportOf(entry, hostOf(), surroundings));
      return reports;
    },
  };
}

function missing(link: string, directory: string): Error {
  return uplinkError('JOURNAL_MISSING', {
    what: 'there is nothing to bring home',
    object: link,
    expected: `a journal of ${link}, by its name here, in ${directory}`,
    got: 'none',
    advice: 'see `ovs-uplink status`; was it moved with another --state-dir?',
  });
}

/** Throws `USAGE`. */
function requestOf(options: MoveLinkOptions): MoveRequest {
  const { link, netns, name = link, way = null } = options;
  if (typeof link !== 'string' || link === '' || link.includes('/') || Buffer.byteLength(link) > MAX_LINK_NAME_LENGTH) {
    throw uplinkError('USAGE', {
      what: 'not a name of a link',
      object: String(link),
      expected: `1 to ${MAX_LINK_NAME_LENGTH} bytes without "/"`,
    });
  }
  if (way !== null && !MOVE_WAYS.includes(way)) {
    throw uplinkError('USAGE', { what: 'no such way', object: way, expected: `one of ${MOVE_WAYS.join(', ')}` });
  }
  return {
    link,
    netns: pathOf(netns),
    name,
    identity: options.identity ?? null,
    up: options.up ?? false,
    keepAddresses: options.keepAddresses ?? false,
    way,
    accept: options.accept ?? [],
    attachment: options.attachment ?? null,
    deadlines: { ...DEFAULT_MOVE_DEADLINES, ...options.deadlines },
    ...(options.links !== undefined && { links: options.links }),
  };
}

/** A name is one of `ip netns`. */
function pathOf(netns: string): string {
  if (typeof netns === 'string' && netns.startsWith('/') && !netns.includes('\0')) return netns;
  if (typeof netns === 'string' && /^[^/\s\0]+$/.test(netns) && netns !== '.' && netns !== '..') {
    return `/run/netns/${netns}`;
  }
  throw uplinkError('USAGE', {
    what: 'not a network namespace',
    object: String(netns),
    expected: 'a path that begins with "/", or a name of `ip netns`',
  });
}
