/** What happened at a bridge so far. */
export interface BridgeCounters {
  /** Present WebSockets. */
  readonly clients: number;
  /** Requests that had no right to an answer. */
  readonly refused: number;
  /** What publishers sent that was no message. */
  readonly rejected: number;
  /** Messages that readers did not get, since they were too slow. */
  readonly missed: number;
  /** Readers that were hung up on, since they took nothing. */
  readonly stalled: number;
}

/** All at zero, for who counts. */
export function createCounters(): { -readonly [Name in keyof BridgeCounters]: number } {
  return { clients: 0, refused: 0, rejected: 0, missed: 0, stalled: 0 };
}
