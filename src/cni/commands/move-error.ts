import { CNI_CODES, type CniError, cniErrorOf } from '../cni-error.ts';
import type { MoveOutcome } from '../device-mover.ts';

/** The error of a move or a return that has not ended as it should. */
export function moveError({ result, failure }: MoveOutcome, what: string, object: string): CniError {
  const code = {
    inUse: CNI_CODES.moveFailed,
    restored: CNI_CODES.moveFailed,
    refused: CNI_CODES.refused,
    stranded: CNI_CODES.stranded,
  }[result];
  return cniErrorOf(failure ?? { code: 'DEFECT', what, object, got: `${result} without a reason` }, code);
}
