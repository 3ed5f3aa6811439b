import { afterAll, afterEach, beforeAll } from 'vitest';
import { describeLive } from '../lab/live.ts';
import { vmNeeds } from './needs.ts';
import { bootVm, type Vm } from './vm.ts';

const BOOT_LIMIT_MS = 240_000;

/**
 * A `describe` for tests that need a VM, which is booted once for all of them: `vm()` is theirs. Where none can be had they are skipped, and
 * title and log say why. When a test fails, the guest's console and logs are kept, and the log says where.
 */
export async function describeVm(title: string, tests: (vm: () => Vm) => void): Promise<void> {
  describeLive(
    title,
    () => {
      let booted: Vm | undefined;
      beforeAll(async () => {
        booted = await bootVm();
      }, BOOT_LIMIT_MS);
      afterEach(({ task }) => {
        if (task.result?.state === 'fail') booted?.keep();
      });
      afterAll(() => booted?.stop());
      tests(() => {
        if (booted === undefined) throw new Error('no VM is running');
        return booted;
      });
    },
    await vmNeeds(),
  );
}
