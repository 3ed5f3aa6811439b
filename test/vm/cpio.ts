/** A program file or a folder of {@link cpioArchive}. */
export interface CpioEntry {
  /** Without a slash at the beginning; folders before what is in them. */
  readonly path: string;
  /** Absent for a folder. */
  readonly data?: Uint8Array;
}

const FOLDER = 0o040755;
const PROGRAM = 0o100755;
const ALIGNMENT = 4;

/** An archive in the format `newc`, as the kernel takes it for an initramfs (Documentation/driver-api/early-userspace/buffer-format.rst). */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) => record(entry.path, entry.data, index + 1));
  return Buffer.concat([...parts, record('TRAILER!!!', new Uint8Array(), 0)]);
}

function record(path: string, data: Uint8Array | undefined, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const size = data?.length ?? 0;
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, data === undefined ? FOLDER : PROGRAM, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length, 0];
  const head = `070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(head), name])), padded(Buffer.from(data ?? []))]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)]);
}
