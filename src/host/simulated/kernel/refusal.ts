import { constants } from 'node:os';

type ErrnoName = keyof typeof constants.errno;

/** Why the kernel refuses a request: an errno and the text of the extended acknowledgement. */
export interface Refusal {
  readonly errno: number;
  readonly errnoName: ErrnoName;
  readonly extAck: string | null;
}

const made = new Map<string, Refusal>();

/** A refusal; one object for each pair. */
export function refuse(errnoName: ErrnoName, extAck: string | null = null): Refusal {
  const key = `${errnoName} ${extAck}`;
  let refusal = made.get(key);
  if (refusal === undefined) {
    refusal = { errno: constants.errno[errnoName], errnoName, extAck };
    made.set(key, refusal);
  }
  return refusal;
}
