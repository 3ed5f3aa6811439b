import { type UplinkError, uplinkError } from '../errors.ts';
import { errnoName } from './errno.ts';
import { NLM_F_ACK, NLM_F_REQUEST } from './wire.ts';

/** One message to the kernel, made by a builder (`addAddressRequest`, …); plain data, may be sent more than once. */
export interface NetlinkRequest {
  /** For errors: "cannot add address". */
  readonly what: string;
  /** For errors: "10.9.0.2/24 on link 3". */
  readonly object: string;
  /** nlmsg_type */
  readonly type: number;
  /** nlmsg_flags; NLM_F_REQUEST is added. */
  readonly flags: number;
  /** Family header and attributes. */
  readonly payload: Uint8Array;
}

/** How the kernel answered one request of a batch. */
export type NetlinkResult = { readonly ok: true } | { readonly ok: false; readonly error: UplinkError };

/** An NLMSG_ERROR, or an NLMSG_DONE that carries an error. */
export interface Ack {
  /** Positive errno; 0 for success. */
  readonly errno: number;
  /** NLMSGERR_ATTR_MSG; the kernel may send one with success too (a warning). */
  readonly extAck: string | null;
  /** NLMSGERR_ATTR_MISS_TYPE or the attribute's offset, for the report. */
  readonly missingAttribute: number | null;
}

/** A request that asks for an acknowledgement. */
export function change(what: string, object: string, type: number, flags: number, payload: Uint8Array): NetlinkRequest {
  return { what, object, type, flags: flags | NLM_F_REQUEST | NLM_F_ACK, payload };
}

/** The error for a request that the kernel refused. */
export function refused(request: Pick<NetlinkRequest, 'what' | 'object'>, ack: Ack): UplinkError {
  const missing = ack.missingAttribute === null ? undefined : `attribute ${ack.missingAttribute} is missing`;
  const extAck = ack.extAck ?? missing;
  return uplinkError('NETLINK_REFUSED', {
    what: request.what,
    object: request.object,
    errno: ack.errno,
    errnoName: errnoName(ack.errno),
    ...(extAck === undefined ? {} : { extAck }),
  });
}
