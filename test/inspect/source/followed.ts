import { followFlights } from '../../../src/inspect/source/follow-flights.ts';
import type { WireMessage } from '../../../src/inspect/wire/messages.ts';

/** What a follower told so far. */
export interface Followed extends Disposable {
  readonly messages: readonly WireMessage[];
  readonly troubles: readonly string[];
  /** Resolves once what was told is as asked, also when it is so already. */
  until(isAsked: () => boolean): Promise<void>;
  stop(): void;
}

/** Follows a state folder until the end of the block. */
export function follow(stateDir: string): Followed {
  const messages: WireMessage[] = [];
  const troubles: string[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const one of [...waiting]) one();
  };
  const stop = followFlights(
    stateDir,
    message => {
      messages.push(message);
      look();
    },
    (path, error) => {
      troubles.push(`${path.slice(path.lastIndexOf('/') + 1)}: ${error.message}`);
      look();
    },
  );
  return {
    messages,
    troubles,
    until: isAsked =>
      new Promise(resolve => {
        const check = (): void => {
          if (!isAsked()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    stop,
    [Symbol.dispose]: stop,
  };
}
