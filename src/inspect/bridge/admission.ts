import type { IncomingMessage } from 'node:http';
import type { TokenCheck } from './token.ts';

/** Names of this machine for itself. The port is free: a tunnel may come in at another one. */
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i;

/** Why a request gets nothing. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** A request that may go on. */
export interface Admission {
  readonly path: string;
  /** `127.0.0.1:8080`, as the client knows us. */
  readonly authority: string;
  /** The token stands in the address. */
  readonly hasToken: boolean;
}

/** Judges a request by its headers. A cookie does for pages of ours, and they publish nothing. */
export function admit(request: IncomingMessage, check: TokenCheck): Admission | Refusal {
  const { host, origin, cookie } = request.headers;
  // A foreign name that was made to point here (DNS rebinding).
  if (host === undefined || !LOOPBACK.test(host)) {
    return { status: 403, text: 'this is reached only as localhost or 127.0.0.1; from another machine, use `ssh -L`' };
  }
  if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) {
    return { status: 403, text: 'this is not for pages of other origins' };
  }
  const url = URL.parse(request.url ?? '', `http://${host}`);
  if (url === null || url.host !== new URL(`http://${host}`).host) return { status: 400, text: 'no such address' };
  const hasToken = check.isRight(url.searchParams.get('token'));
  if (!hasToken && (url.pathname === '/publish' || !check.hasCookie(cookie))) {
    return { status: 401, text: 'open the address that ovs-uplink printed: it carries the token that is missing here' };
  }
  return { path: url.pathname, authority: host, hasToken };
}

/** True for what {@link admit} does not let in. */
export function isRefusal(judged: Admission | Refusal): judged is Refusal {
  return 'status' in judged;
}
