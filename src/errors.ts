/**
 * The one error taxonomy of ovs-uplink. Every error says what failed, on which object, what was expected and what was
 * found, and what to do about it. The kernel's errno and extended-ack text and OVSDB's error and details are kept.
 */

/**
 * Stable text codes. They are part of the public interface: scripts may match on them, so a code is never reused.
 *
 * - `USAGE`: a wrong argument, option or configuration value (exit 2).
 * - `NETLINK_REFUSED`: the kernel answered a request with an errno; see `errno`, `errnoName`, `extAck`.
 * - `NETLINK_CLOSED`, `NETLINK_OVERRUN`, `NETLINK_TIMEOUT`, `NETLINK_MALFORMED`: the netlink transport itself.
 * - `OVSDB_UNREACHABLE`, `OVSDB_DISCONNECTED`, `OVSDB_TIMEOUT`, `OVSDB_PROTOCOL`, `OVSDB_TOO_LARGE`: the OVSDB connection.
 * - `OVSDB_REFUSED`: an operation of a transaction failed; see `ovsdbError`, `ovsdbDetails`.
 * - `OVSDB_SCHEMA`: the database lacks a table or column that is needed.
 * - `OVSDB_NOT_APPLIED`: committed, but ovs-vswitchd did not apply it in time (`cur_cfg` behind `next_cfg`).
 * - `OVS_INTERFACE_ERROR`: ovs-vswitchd reports `Interface.error`.
 * - `UNIXCTL_REFUSED`, `UNIXCTL_UNREACHABLE`: the control socket of ovs-vswitchd.
 * - `LOCK_HELD`: another ovs-uplink works on this host.
 * - `JOURNAL_UNREADABLE`, `JOURNAL_TAMPERED`, `JOURNAL_VERSION`, `JOURNAL_FOREIGN`, `JOURNAL_WRITE`, `JOURNAL_MISSING`.
 * - `GUARD_FAILED`: no guard could be posted, or it was lost, or it is not proven to be gone.
 * - `OWNER_UNREACHABLE`, `OWNER_REFUSED`: who else manages the link (NetworkManager, systemd-networkd, a DHCP client) does not answer, or does not let go.
 * - `STATE_DIFFERS`: a read-back shows something else than was planned.
 * - `PROBE_FAILED`: a probe that passed before the change fails after it.
 * - `DEADLINE`: a state of the chart did not finish in time.
 * - `ABORTED`: a person or a signal asked to stop.
 * - `LINK_GONE`: the link vanished.
 * - `UNSUPPORTED`: this kernel, datapath or platform cannot do it.
 * - `DEFECT`: a defect of ours (exit 1).
 */
export type ErrorCode =
  | 'USAGE'
  | 'NETLINK_REFUSED'
  | 'NETLINK_CLOSED'
  | 'NETLINK_OVERRUN'
  | 'NETLINK_TIMEOUT'
  | 'NETLINK_MALFORMED'
  | 'OVSDB_UNREACHABLE'
  | 'OVSDB_DISCONNECTED'
  | 'OVSDB_TIMEOUT'
  | 'OVSDB_PROTOCOL'
  | 'OVSDB_TOO_LARGE'
  | 'OVSDB_REFUSED'
  | 'OVSDB_SCHEMA'
  | 'OVSDB_NOT_APPLIED'
  | 'OVS_INTERFACE_ERROR'
  | 'UNIXCTL_REFUSED'
  | 'UNIXCTL_UNREACHABLE'
  | 'LOCK_HELD'
  | 'JOURNAL_UNREADABLE'
  | 'JOURNAL_TAMPERED'
  | 'JOURNAL_VERSION'
  | 'JOURNAL_FOREIGN'
  | 'JOURNAL_WRITE'
  | 'JOURNAL_MISSING'
  | 'GUARD_FAILED'
  | 'OWNER_UNREACHABLE'
  | 'OWNER_REFUSED'
  | 'STATE_DIFFERS'
  | 'PROBE_FAILED'
  | 'DEADLINE'
  | 'ABORTED'
  | 'LINK_GONE'
  | 'UNSUPPORTED'
  | 'DEFECT';

/** What an {@link UplinkError} carries beside its code; plain JSON, so that it can stand in a chart's context or a journal. */
export interface ErrorDetails {
  /** What failed, in one sentence without a full stop: "cannot rename link". */
  readonly what: string;
  /** The object it failed on: a link name, a route, a file, an OVSDB row. */
  readonly object?: string;
  readonly expected?: string;
  readonly got?: string;
  /** What the user can do. */
  readonly advice?: string;
  /** Positive errno of the kernel or of a system call. */
  readonly errno?: number;
  /** Its name, for instance `EEXIST`. */
  readonly errnoName?: string;
  /** The kernel's extended-ack text. */
  readonly extAck?: string;
  /** The `error` member of OVSDB (RFC 7047 §3.1, §5). */
  readonly ovsdbError?: string;
  readonly ovsdbDetails?: string;
}

/** A failure as plain data: an error without its stack. */
export interface Failure extends ErrorDetails {
  readonly code: ErrorCode;
}

/** An operational failure. Test with {@link isUplinkError}, never with `instanceof`: two copies of the package may be loaded. */
export class UplinkError extends Error {
  override readonly name = 'UplinkError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails, cause?: unknown) {
    super(describeFailure({ code, ...details }), cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

/** Makes an {@link UplinkError}; the factory that the rest of the code uses. */
export function uplinkError(code: ErrorCode, details: ErrorDetails, cause?: unknown): UplinkError {
  return new UplinkError(code, details, cause);
}

/** True for errors made by {@link uplinkError}, also by another copy of this package. */
export function isUplinkError(value: unknown): value is UplinkError {
  return value instanceof Error && value.name === 'UplinkError' && 'code' in value && 'details' in value;
}

/** Turns anything thrown into a {@link Failure}; what is not an {@link UplinkError} becomes `DEFECT`. */
export function toFailure(thrown: unknown): Failure {
  if (isUplinkError(thrown)) return { code: thrown.code, ...thrown.details };
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { code: 'DEFECT', what: 'unexpected exception', got: text, advice: 'report this as a bug of ovs-uplink' };
}

/** The error of a {@link Failure}: the way back of {@link toFailure}. */
export function toUplinkError({ code, ...details }: Failure): UplinkError {
  return uplinkError(code, details);
}

/** One line for people: what, object, expected and got, the other side's own words, advice, code. */
export function describeFailure(failure: Failure): string {
  let text = failure.what;
  if (failure.object !== undefined) text += ` (${failure.object})`;
  if (failure.expected !== undefined) text += `: expected ${failure.expected}`;
  if (failure.got !== undefined) text += `${failure.expected === undefined ? ':' : ','} got ${failure.got}`;
  const said = [failure.errnoName, failure.extAck, failure.ovsdbError, failure.ovsdbDetails].filter(Boolean);
  if (said.length > 0) text += ` [${said.join(': ')}]`;
  if (failure.advice !== undefined) text += `; ${failure.advice}`;
  return `${text} (${failure.code})`;
}
