import { isUplinkError, uplinkError } from '../../../errors.ts';

/**
 * Gives `work` a signal that aborts when the given one does (`ABORTED`, or its reason where that is an error of ours) or when `limitMs` have passed (`OWNER_UNREACHABLE` with `what` and
 * `object`). `work` has to end then, with the signal's reason. The timer keeps the process alive meanwhile, and is gone afterwards.
 */
export async function underLimit<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  silent: { readonly what: string; readonly object: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const onAbort = (): void => {
    const reason: unknown = signal?.reason;
    const asked = { what: 'asked to stop', object: silent.object };
    limit.abort(isUplinkError(reason) ? reason : uplinkError('ABORTED', asked, reason));
  };
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const late = { ...silent, expected: `an answer within ${limitMs} ms` };
  let lastLook: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // Where it was we who were busy, the answer is there already: sockets are read before immediates run.
    lastLook = setImmediate(() => limit.abort(uplinkError('OWNER_UNREACHABLE', late)));
  }, limitMs);
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    clearImmediate(lastLook);
    signal?.removeEventListener('abort', onAbort);
  }
}
