import { type UplinkError, uplinkError } from '../errors.ts';
import { EAFNOSUPPORT, EAGAIN, EINTR, EPROTONOSUPPORT, errnoName } from './errno.ts';
import { lastErrno, libc } from './libc.ts';
import { runInNetnsFd } from './netns.ts';
import { AF_PACKET } from './wire.ts';

export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0x80000;
export const SOCK_NONBLOCK = 0x800;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
const SK_MEMINFO_DROPS = 8;
const MSG_TRUNC = 0x20;

/** The namespace that a socket is opened in: an open descriptor and its path for error texts; undefined for the present one. */
export interface NetnsHandle {
  readonly fd: number;
  readonly path: string;
  /** Sockets that were opened in it before, each for one use; absent: this thread goes there to open one. */
  readonly sockets?: number[];
}

/** What {@link RawSocket.receive} found: a datagram of `length` bytes, nothing to read, or a failure by errno. */
export type Received =
  | { readonly kind: 'datagram'; readonly length: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'failed'; readonly errno: number };

const EMPTY: Received = { kind: 'empty' };

/** The error for a system call that failed; UNSUPPORTED when the kernel lacks the protocol. */
export function syscallFailed(what: string, object: string, errno: number): UplinkError {
  const unsupported = errno === EAFNOSUPPORT || errno === EPROTONOSUPPORT;
  return uplinkError(unsupported ? 'UNSUPPORTED' : 'NETLINK_REFUSED', {
    what,
    object,
    errno,
    errnoName: errnoName(errno),
  });
}

function openThere({ fd, path, sockets }: NetnsHandle, open: () => number): number {
  if (sockets === undefined) return runInNetnsFd(fd, path, open);
  const opened = sockets.pop();
  if (opened === undefined) throw uplinkError('DEFECT', { what: 'no socket is left in the namespace', object: path });
  return opened;
}

/** A non-blocking, close-on-exec datagram socket. Every call is synchronous. */
export class RawSocket {
  readonly fd: number;
  readonly label: string;
  #open = true;

  constructor(label: string, domain: number, type: number, protocol: number, netns?: NetnsHandle) {
    this.label = label;
    const open = () => {
      const fd = libc().socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
      if (fd < 0)
        throw syscallFailed(
          domain === AF_PACKET ? 'cannot open packet socket' : 'cannot open netlink socket',
          label,
          lastErrno(),
        );
      return fd;
    };
    this.fd = netns === undefined ? open() : openThere(netns, open);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  bind(address: Uint8Array): void {
    if (libc().bind(this.fd, address, address.length) < 0) throw this.#failed('cannot bind socket');
  }

  setOption(level: number, option: number, value: number): void {
    if (!this.#trySetOption(level, option, value)) throw this.#failed(`cannot set socket option ${option}`);
  }

  /** For options that older kernels lack; false when refused. */
  #trySetOption(level: number, option: number, value: number): boolean {
    return libc().setsockopt(this.fd, level, option, new Uint8Array(new Int32Array([value]).buffer), 4) === 0;
  }

  /** Sizes both buffers, past the system's limits where CAP_NET_ADMIN allows it; the kernel doubles the value. */
  setBuffers(receiveBytes: number, sendBytes?: number): void {
    this.#trySetOption(SOL_SOCKET, SO_RCVBUFFORCE, receiveBytes) ||
      this.#trySetOption(SOL_SOCKET, SO_RCVBUF, receiveBytes);
    if (sendBytes === undefined) return;
    this.#trySetOption(SOL_SOCKET, SO_SNDBUFFORCE, sendBytes) || this.#trySetOption(SOL_SOCKET, SO_SNDBUF, sendBytes);
  }

  /** Sets an option; false when this kernel lacks it. */
  setOptionIfKnown(level: number, option: number, value: number): boolean {
    return this.#trySetOption(level, option, value);
  }

  /** Sends one datagram; netlink handles all of its messages before this returns. */
  send(bytes: Uint8Array, length: number): void {
    this.#check();
    for (;;) {
      if (libc().send(this.fd, bytes, length, 0) >= 0) return;
      if (lastErrno() !== EINTR) throw this.#failed('cannot send');
    }
  }

  sendTo(bytes: Uint8Array, to: Uint8Array): void {
    this.#check();
    for (;;) {
      if (libc().sendto(this.fd, bytes, bytes.length, 0, to, to.length) >= 0) return;
      if (lastErrno() !== EINTR) throw this.#failed('cannot send');
    }
  }

  /** Takes one datagram if there is one. Throws NETLINK_MALFORMED when it did not fit the buffer. */
  receive(buffer: Uint8Array): Received {
    this.#check();
    for (;;) {
      // MSG_TRUNC makes recv return the whole length; MSG_PEEK would make the kernel cut dumps short (blocks.md §1.3).
      const length = libc().recv(this.fd, buffer, buffer.length, MSG_TRUNC);
      if (length > buffer.length) {
        throw uplinkError('NETLINK_MALFORMED', {
          what: 'datagram larger than the receive buffer',
          object: this.label,
          expected: `at most ${buffer.length} bytes`,
          got: `${length} bytes`,
        });
      }
      if (length >= 0) return { kind: 'datagram', length };
      const errno = lastErrno();
      if (errno === EAGAIN) return EMPTY;
      if (errno !== EINTR) return { kind: 'failed', errno };
    }
  }

  /** Datagrams that the kernel dropped because this socket's buffer was full (SO_MEMINFO). */
  drops(): number {
    const info = new Uint32Array(9);
    const length = new Uint32Array([info.byteLength]);
    const rc = libc().getsockopt(this.fd, SOL_SOCKET, SO_MEMINFO, new Uint8Array(info.buffer), length);
    return rc === 0 ? info[SK_MEMINFO_DROPS]! : 0;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    libc().close(this.fd);
  }

  #check(): void {
    if (!this.#open) throw uplinkError('NETLINK_CLOSED', { what: 'netlink socket is closed', object: this.label });
  }

  #failed(what: string): UplinkError {
    return syscallFailed(what, this.label, lastErrno());
  }
}
