import koffi from 'koffi';

/** The handful of system calls that Node does not offer. Each returns -1 on failure; read {@link lastErrno} at once. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint32Array): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  sendto(fd: number, bytes: Uint8Array, length: number, flags: number, to: Uint8Array, toLength: number): number;
  recv(fd: number, buffer: Uint8Array, length: number, flags: number): number;
  close(fd: number): number;
  setns(fd: number, type: number): number;
  unshare(flags: number): number;
  /** A bind mount. */
  mount(source: string, target: string, type: null, flags: number, data: null): number;
  umount2(target: string, flags: number): number;
}

let bound: Libc | undefined;

/** Binds libc on first use, so that commands which need no netlink never load it. */
export function libc(): Libc {
  if (bound !== undefined) return bound;
  const library = koffi.load(null);
  bound = {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, void *, uint32_t)'),
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    send: library.func('intptr_t send(int, void *, size_t, int)'),
    sendto: library.func('intptr_t sendto(int, void *, size_t, int, void *, uint32_t)'),
    recv: library.func('intptr_t recv(int, void *, size_t, int)'),
    close: library.func('int close(int)'),
    setns: library.func('int setns(int, int)'),
    unshare: library.func('int unshare(int)'),
    mount: library.func('int mount(const char *, const char *, const char *, unsigned long, void *)'),
    umount2: library.func('int umount2(const char *, int)'),
  };
  return bound;
}

/** errno of the system call made just before; any other call into native code may overwrite it. */
export function lastErrno(): number {
  return koffi.errno();
}
