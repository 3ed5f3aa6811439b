import { type UplinkError, uplinkError } from '../../../errors.ts';

const PREFIX = 'org.freedesktop.DBus.Error.';
/** Answers of the bus itself that say: nobody there, or nobody who answers. */
const UNREACHABLE = new Set(
  ['ServiceUnknown', 'NameHasNoOwner', 'NoReply', 'Disconnected', 'Timeout', 'TimedOut', 'NoServer'].map(
    word => PREFIX + word,
  ),
);
const MAX_TEXT = 500;

/** The D-Bus name of the error that a call was answered with, `org.freedesktop.NetworkManager.UnknownDevice`; undefined for other failures. */
export function busErrorName(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('dbusName' in error && typeof error.dbusName === 'string') return error.dbusName;
  return error.cause === undefined ? undefined : busErrorName(error.cause);
}

/** A failed call as our error: `OWNER_UNREACHABLE` where nobody answered, `OWNER_REFUSED` where somebody said no. */
export function toCallFailure(error: unknown, object: string): UplinkError {
  const name = busErrorName(error);
  const words = (error instanceof Error ? error.message : String(error)).slice(0, MAX_TEXT);
  const got = name === undefined ? words : `${name}: ${words}`;
  const isRefusal = name !== undefined && !UNREACHABLE.has(name);
  return uplinkError(
    isRefusal ? 'OWNER_REFUSED' : 'OWNER_UNREACHABLE',
    {
      what: isRefusal ? 'a call over the system bus was refused' : 'a call over the system bus got no answer',
      object,
      got,
    },
    error,
  );
}
