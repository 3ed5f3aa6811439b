import { openSystemBus, type SystemBus } from './bus/system-bus.ts';

/** For connecting: a bus that hangs may delay a start by less than half a second in all. */
const CONNECT_LIMIT_MS = 200;

/** One connection to the system bus, opened with the first question and again after it was lost. */
export interface BusLink extends AsyncDisposable {
  /** Never rejects. */
  reach(): Promise<SystemBus | 'absent' | 'silent'>;
}

/** `watch` is called for each connection; what it returns ends its watching. */
export function createBusLink(watch: (bus: SystemBus) => Promise<() => void>): BusLink {
  let opening: Promise<SystemBus | 'absent' | 'silent'> | undefined;

  async function open(): Promise<SystemBus | 'absent' | 'silent'> {
    try {
      const bus = await openSystemBus({ limitMs: CONNECT_LIMIT_MS });
      if (bus === undefined) return 'absent';
      bus.onClosed(() => {
        opening = undefined;
      });
      // Without it nobody hears that a manager takes the link again; the comparison with the plan sees it all the same.
      await watch(bus).catch(() => undefined);
      return bus;
    } catch {
      return 'silent';
    }
  }

  return {
    async reach() {
      opening ??= open();
      const bus = await opening;
      // It may be there, or answer, the next time.
      if (typeof bus === 'string') opening = undefined;
      return bus;
    },
    async [Symbol.asyncDispose]() {
      const bus = await opening;
      if (bus !== undefined && typeof bus !== 'string') await bus.close();
    },
  };
}
