import { describeFailure, type ErrorDetails, type Failure, toFailure } from '../errors.ts';

/** Codes of error objects: CNI's own below 100, those of this plugin from there. They are never reused. */
export const CNI_CODES = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  notAvailable: 50,
  /** No link, or more than one, is what the configuration names. */
  noDevice: 100,
  /** The engine refuses the move or the return; nothing was changed. */
  refused: 101,
  /** The move failed; the link is at home as it was. */
  moveFailed: 102,
  /** The link is neither where it was nor where it should be. */
  stranded: 103,
  /** The IPAM plugin could not be run, or gave no usable answer. */
  ipamFailed: 104,
  /** Addresses or routes could not be put on the link. */
  configureFailed: 105,
  /** CHECK found something else than ADD had left. */
  stateDiffers: 106,
  /** The engine does not work here. */
  engineFailed: 107,
  /** A defect of ours; the number that libcni uses for it. */
  defect: 999,
} as const;

/** What ends a command: becomes the error object on stdout. Made by {@link cniError}. */
export class CniError extends Error {
  override readonly name = 'CniError';
  /** One of {@link CNI_CODES}, or what a delegated plugin has said. */
  readonly code: number;
  readonly details: string;

  constructor(code: number, message: string, details: string) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** An error of the plugin's own: what and on which object as the message; expected, got and advice as its details. */
export function cniError(code: number, { what, object, expected, got, advice }: ErrorDetails): CniError {
  const facts = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ');
  const message = object === undefined ? what : `${what} (${object})`;
  return new CniError(code, message, [facts, advice].filter(Boolean).join('; '));
}

/** An error for a failure of the engine. A lock that another holds is for now only, whatever it was needed for. */
export function cniErrorOf(failure: Failure, code: number): CniError {
  const message = failure.object === undefined ? failure.what : `${failure.what} (${failure.object})`;
  const isForNow = failure.code === 'LOCK_HELD';
  return new CniError(isForNow ? CNI_CODES.tryAgainLater : code, message, describeFailure(failure));
}

/** Whatever was thrown, as an error of CNI. */
export function toCniError(thrown: unknown): CniError {
  if (thrown instanceof CniError) return thrown;
  const failure = toFailure(thrown);
  return cniErrorOf(failure, failure.code === 'DEFECT' ? CNI_CODES.defect : CNI_CODES.engineFailed);
}

/** One error for several: the first one's code and message, and the details of all. */
export function joinErrors(first: CniError, others: readonly CniError[]): CniError {
  const further = others.map(({ message, details }) => {
    return details.startsWith(message) ? details : [message, details].filter(Boolean).join(': ');
  });
  return new CniError(first.code, first.message, [first.details, ...further].filter(Boolean).join(' | '));
}
