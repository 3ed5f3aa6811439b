import type { Link } from '../link.ts';
import { isUp } from '../link.ts';
import type { LinkIdentity } from './identity.ts';
import type { MoveRequest } from './request.ts';

/** The states of the chart that change something on the way there, in order. */
export const MOVE_STEPS = ['moving', 'configuring'] as const;
export type MoveStep = (typeof MOVE_STEPS)[number];

/** The states of the way back that change something, in order. */
export const RETURN_STEPS = ['bringingHome', 'restoringName', 'restoringLink'] as const;
export type ReturnStep = (typeof RETURN_STEPS)[number];

/** What the move is going to do; plain JSON, kept in the journal. */
export interface MovePlan {
  readonly id: string;
  readonly request: MoveRequest;
  readonly identity: LinkIdentity;
  /** What it is known by away from home, where it may have another ifindex and another MAC: as it was seen last. Absent until it is in use. */
  readonly away?: LinkIdentity;
  /** Device and inode of the target: another namespace may come to have its path. */
  readonly target: string;
  readonly way: MoveWay;
  /** Path of a namespace of our own, made where the link must be renamed with nobody looking. */
  readonly transit: string;
}

/** True when the link is to be up in the target namespace. */
export function isUpThere({ request }: MovePlan, atHome: Link): boolean {
  return request.up || isUp(atHome);
}

/** `message`: one request moves, renames and raises. `steps`: into a namespace of our own, renamed there, and on from there. */
export const MOVE_WAYS = ['message', 'steps'] as const;
export type MoveWay = (typeof MOVE_WAYS)[number];
