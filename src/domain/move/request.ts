import type { LinkLists } from '../link-patterns.ts';
import type { LinkIdentity } from './identity.ts';
import type { MoveWay } from './plan.ts';

/** What the user asks for: a NIC of this network namespace goes into another one; plain JSON. */
export interface MoveRequest {
  /** Name of the link at home. */
  readonly link: string;
  /** Path of the target namespace: `/run/netns/x`, `/proc/<pid>/ns/net`. */
  readonly netns: string;
  /** Its name there. */
  readonly name: string;
  /** The link of that name must be this one; null: whichever has the name. */
  readonly identity: LinkIdentity | null;
  /** It is up there, also where it was down at home; where it was up, it always is. Brought home it is down again. */
  readonly up: boolean;
  /** The link has its addresses in the target namespace, too. */
  readonly keepAddresses: boolean;
  /** Null: by what the kernel can do. */
  readonly way: MoveWay | null;
  /** Which links may be moved; each of the lists must let it through. */
  readonly links?: readonly LinkLists[];
  /** Codes of blocking findings that the user takes upon themselves. */
  readonly accept: readonly string[];
  /** Who it is for; null for nobody in particular. */
  readonly attachment: Attachment | null;
  readonly deadlines: MoveDeadlines;
}

/**
 * Who uses a link, as CNI names it: an attachment within its network. Each text has 1 to 255 bytes (the interface name at most 15); they are distinct
 * as a triple only.
 */
export interface Attachment {
  /** `name` of the network configuration. */
  readonly network: string;
  /** CNI_CONTAINERID */
  readonly containerId: string;
  /** CNI_IFNAME */
  readonly ifname: string;
}

/** How long the chart waits, in ms. */
export interface MoveDeadlines {
  /** For one state of the chart that changes something. */
  readonly stepMs: number;
  /** Between two tries of a way back that failed. */
  readonly retryMs: number;
}

export const DEFAULT_MOVE_DEADLINES: MoveDeadlines = { stepMs: 10_000, retryMs: 2_000 };
