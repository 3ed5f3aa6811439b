import { isUplinkError, type UplinkError } from '../../src/errors.ts';

/** The `USAGE` error that `work` throws or rejects with; fails where there is none, or another one. */
export async function catchUsage(work: () => unknown): Promise<UplinkError> {
  try {
    await work();
  } catch (error) {
    if (isUplinkError(error) && error.code === 'USAGE') return error;
    throw error;
  }
  throw new Error('no error was thrown');
}
