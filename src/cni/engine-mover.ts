import type { Finding } from '../domain/finding.ts';
import { isAcceptable, type MoveFindingCode } from '../domain/move/finding-codes.ts';
import { identify } from '../domain/move/identity.ts';
import type { MoveDeadlines } from '../domain/move/request.ts';
import { realClock } from '../engine/clock.ts';
import { createEngine } from '../engine/create-engine.ts';
import { DEFAULT_STATE_DIR, hostOptions } from '../engine/host-options.ts';
import { createMoveStore, type MoveRecord } from '../engine/move/record.ts';
import type { MoveOutcome as EngineOutcome } from '../engine/move/run.ts';
import { type Failure, toFailure, toUplinkError } from '../errors.ts';
import type { Host, Netns } from '../host/host.ts';
import { createLinuxHost } from '../host/linux-host.ts';
import { configureLink, viewOf } from './configure-link.ts';
import type { DeviceMover, MovedLink, MoveOutcome, MoverSettings } from './device-mover.ts';
import { isSameAttachment } from './same-attachment.ts';

/** A virtual function is what this plugin is most often for: whoever names one in a configuration means it. */
const ACCEPTED: readonly MoveFindingCode[] = ['move-link-sriov'];
/** A runtime tries a DEL again by itself, and waits for each ADD. */
const DEADLINES: Partial<MoveDeadlines> = { retryMs: 200 };

/** The mover that works on this host. Nothing but netlink sockets is opened before the first call. */
export async function openEngineMover({ stateDir, ovsdb }: MoverSettings): Promise<DeviceMover> {
  const directory = stateDir || DEFAULT_STATE_DIR;
  const host = createLinuxHost(hostOptions(ovsdb ? { ovsdb } : {}));
  const engine = createEngine({ host, stateDir: directory });
  const store = createMoveStore(directory);

  const attached = async (): Promise<readonly (MovedLink & Pick<MoveRecord, 'id'>)[]> => {
    const entries = await store.list();
    return entries.flatMap(entry => {
      // Whose it is cannot be told: it may be the one that is asked for.
      if ('failure' in entry) throw toUplinkError(entry.failure);
      const { id, request, snapshot } = entry.record;
      return request.attachment === null ? [] : [{ id, attachment: request.attachment, link: snapshot.link }];
    });
  };

  return {
    links: async () => (await host.readKernel({ routes: false })).links,
    attachments: attached,
    async recover() {
      for (const run of await engine.recoverMoves({ deadlines: DEADLINES })) await run.outcome;
    },
    async moveLink({ link, netns, name, attachment }) {
      const before = (await attached()).find(moved => isSameAttachment(moved.attachment, attachment));
      if (before !== undefined) return refused(before.link.name);
      const request = { link: link.name, identity: identify(link), netns, name, up: true, attachment };
      const outcome = await engine.moveLink({ ...request, accept: ACCEPTED, deadlines: DEADLINES }).outcome;
      // Somebody else has moved it there since it was looked for: it is theirs.
      return outcome.alreadyDone ? refused(link.name) : { result: outcome.result, failure: failureOf(outcome) };
    },
    async returnLink({ attachment }) {
      const moved = (await attached()).find(one => isSameAttachment(one.attachment, attachment));
      if (moved === undefined) return { result: 'restored', failure: null };
      const { link, id } = moved;
      const outcome = await engine.returnLink({ link: link.name, id, deadlines: DEADLINES }).outcome;
      // Another process was faster.
      if (outcome.failure?.code === 'JOURNAL_MISSING') return { result: 'restored', failure: null };
      return { result: outcome.result, failure: failureOf(outcome) };
    },
    async look(path, name) {
      await using netns = await openIfThere(host, path);
      return netns && viewOf(await netns.readKernel({ routes: true }), name);
    },
    async configure(path, name, wanted) {
      try {
        await using netns = await host.openNetns(path);
        await configureLink(netns, name, wanted, realClock);
        return null;
      } catch (error) {
        return toFailure(error);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const opened of [engine, host]) {
        try {
          await opened[Symbol.asyncDispose]();
        } catch {
          // It ends with the process, which has its result already.
        }
      }
    },
  };
}

function refused(link: string): MoveOutcome {
  const failure: Failure = {
    code: 'USAGE',
    what: 'the link was moved before, for a container',
    object: link,
    advice: 'bring it home with DEL first; `ovs-uplink status` says where it is',
  };
  return { result: 'refused', failure };
}

/** The engine tells in findings what it refuses for. */
function failureOf({ result, link, findings, failure }: EngineOutcome): Failure | null {
  if (failure !== null || result !== 'refused') return failure;
  const blocking = findings.filter(({ severity }) => severity === 'blocking');
  const told = (of: (finding: Finding) => string): string => [...new Set(blocking.map(of))].join('; ');
  return {
    code: 'USAGE',
    what: 'the link cannot be moved',
    object: link,
    got: `${told(({ message }) => message)} [${told(({ code }) => code)}]`,
    advice: told(({ code, advice }) =>
      isAcceptable(code) ? 'free it first: the plugin takes nothing from the host that it uses' : advice,
    ),
  };
}

async function openIfThere(host: Host, path: string): Promise<Netns | undefined> {
  try {
    return await host.openNetns(path);
  } catch (error) {
    if (toFailure(error).code === 'USAGE') return undefined;
    throw error;
  }
}
