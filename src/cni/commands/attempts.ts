import { CNI_CODES, type CniError, joinErrors, toCniError } from '../cni-error.ts';

/** Things of which each is done whether or not those before it succeed. */
export interface Attempts {
  /** Never rejects; keeps the error. */
  attempt(act: () => Promise<void>): Promise<void>;
  /** Throws what went wrong as one error, if anything did; with the code of a link that is stranded before any other. */
  throwIfAny(): void;
}

/** Starts without an error. */
export function createAttempts(): Attempts {
  const errors: CniError[] = [];
  return {
    async attempt(act) {
      try {
        await act();
      } catch (error) {
        errors.push(toCniError(error));
      }
    },
    throwIfAny() {
      const first = errors.find(({ code }) => code === CNI_CODES.stranded) ?? errors[0];
      if (first === undefined) return;
      throw joinErrors(
        first,
        errors.filter(error => error !== first),
      );
    },
  };
}
