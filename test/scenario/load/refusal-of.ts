import { isUplinkError } from '../../../src/errors.ts';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';

/** The message with which a file is refused; anything but an `UplinkError` is thrown on. */
export async function refusalOf(path: string): Promise<string> {
  try {
    await loadScenarios(path);
  } catch (error) {
    if (isUplinkError(error)) return error.message;
    throw error;
  }
  return 'taken';
}
