/** What the user asks for: a NIC of this network namespace goes into another one; plain JSON. */
export interface MoveRequest {
  /** Name of the link at home. */
  readonly link: string;
  /** Path of the target namespace: `/run/netns/x`, `/proc/<pid>/ns/net`. */
  readonly netns: string;
  /** Its name there. */
  readonly name: string;
  /** The link has its addresses in the target namespace, too. */
  readonly keepAddresses: boolean;
  /** Codes of blocking findings that the user takes upon themselves. */
  readonly accept: readonly string[];
  /** Who asked for it, in their own words (a CNI attachment); null for nobody else. */
  readonly attachment: string | null;
  readonly deadlines: MoveDeadlines;
}

/** How long the chart waits, in ms. */
export interface MoveDeadlines {
  /** For one state of the chart that changes something. */
  readonly stepMs: number;
  /** Between two tries of a way back that failed. */
  readonly retryMs: number;
}

export const DEFAULT_MOVE_DEADLINES: MoveDeadlines = { stepMs: 10_000, retryMs: 2_000 };
