import type { ErrorCode } from '../../../errors.ts';

/** As a record, so that the compiler finds a code that is missing here. */
const CODES: Readonly<Record<ErrorCode, true>> = {
  USAGE: true,
  NETLINK_REFUSED: true,
  NETLINK_CLOSED: true,
  NETLINK_OVERRUN: true,
  NETLINK_TIMEOUT: true,
  NETLINK_MALFORMED: true,
  OVSDB_UNREACHABLE: true,
  OVSDB_DISCONNECTED: true,
  OVSDB_TIMEOUT: true,
  OVSDB_PROTOCOL: true,
  OVSDB_TOO_LARGE: true,
  OVSDB_REFUSED: true,
  OVSDB_SCHEMA: true,
  OVSDB_NOT_APPLIED: true,
  OVS_INTERFACE_ERROR: true,
  UNIXCTL_REFUSED: true,
  UNIXCTL_UNREACHABLE: true,
  LOCK_HELD: true,
  JOURNAL_UNREADABLE: true,
  JOURNAL_TAMPERED: true,
  JOURNAL_VERSION: true,
  JOURNAL_FOREIGN: true,
  JOURNAL_WRITE: true,
  JOURNAL_MISSING: true,
  GUARD_FAILED: true,
  OWNER_UNREACHABLE: true,
  OWNER_REFUSED: true,
  STATE_DIFFERS: true,
  PROBE_FAILED: true,
  DEADLINE: true,
  ABORTED: true,
  LINK_GONE: true,
  UNSUPPORTED: true,
  DEFECT: true,
};

/** Every code that a failure can have. */
export const ERROR_CODES: readonly string[] = Object.keys(CODES);
