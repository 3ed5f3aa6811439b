import { isUp } from '../../domain/link.ts';
import type { Attachment } from '../../domain/move/request.ts';
import type { Place } from '../../domain/move/steps.ts';
import type { Failure } from '../../errors.ts';
import { toFailure } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { RecordEntry } from '../journal/store.ts';
import type { Surroundings } from '../surroundings.ts';
import type { MoveRecord, MoveStage } from './record.ts';
import { createMoveSession } from './session.ts';

/** A link that was moved, and where it is; plain JSON. */
export interface MoveReport {
  /** Its name at home. */
  readonly link: string;
  readonly id: string;
  /** `inUse`; `moving` and `returning` are under way, or have died: `recover` ends them. */
  readonly stage: MoveStage | 'unusable';
  /** Where it was asked to go, and its name there. */
  readonly netns: string;
  readonly name: string;
  readonly attachment: Attachment | null;
  /** Where it is now; null for nowhere. */
  readonly place: Place | null;
  /** What it is called there. */
  readonly calledThere: string | null;
  readonly up: boolean | null;
  /** Its namespace is gone, or another one has its path. */
  readonly namespaceGone: boolean;
  /** Set when the journal cannot be used. */
  readonly failure: Failure | null;
}

/** Tells how one journal stands. Reads only. */
export async function reportOf(
  entry: RecordEntry<MoveRecord>,
  host: Host,
  surroundings: Surroundings,
): Promise<MoveReport> {
  const nowhere = { place: null, calledThere: null, up: null, namespaceGone: false } as const;
  if ('failure' in entry) {
    const { uplink: link, failure } = entry;
    return { link, id: '', stage: 'unusable', netns: '', name: '', attachment: null, ...nowhere, failure };
  }
  const { id, stage, request } = entry.record;
  const { link, netns, name, attachment } = request;
  const report = { link, id, stage, netns, name, attachment, ...nowhere, failure: null };
  const session = createMoveSession(host, surroundings, id);
  session.adopt(entry.record);
  try {
    const sight = await session.look({});
    const found = (
      [
        ['home', sight.atHome],
        ['transit', sight.inTransit],
        ['target', sight.atTarget],
      ] as const
    ).find(([, there]) => there !== undefined);
    const namespaceGone = sight.target === null;
    const there = found?.[1];
    if (found === undefined || there === undefined) return { ...report, namespaceGone };
    return { ...report, place: found[0], calledThere: there.name, up: isUp(there), namespaceGone };
  } catch (error) {
    return { ...report, failure: toFailure(error) };
  } finally {
    await session.close();
  }
}
