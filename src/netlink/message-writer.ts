import { uplinkError } from '../errors.ts';
import { align4, HOST_IS_LITTLE_ENDIAN, NLA_F_NESTED } from './wire.ts';

const utf8 = new TextEncoder();
/** An attribute's length is 16 bits wide. */
const MAX_ATTRIBUTE = 0xffff;

const KEPT_CAPACITY = 64 * 1024;

// The buffer of the last writer that finished: building a request is synchronous, so one is nearly always enough.
let spare: Uint8Array<ArrayBuffer> | undefined;

/** Writes the family header and the attributes of one message; grows as needed. */
export class MessageWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor() {
    this.#bytes = spare ?? new Uint8Array(1024);
    spare = undefined;
    this.#view = new DataView(this.#bytes.buffer);
  }

  #reserve(count: number): number {
    const at = this.#length;
    const end = at + align4(count);
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#bytes.fill(0, at, end);
    this.#length = end;
    return at;
  }

  #attribute(type: number, length: number): number {
    if (length + 4 > MAX_ATTRIBUTE) {
      throw uplinkError('USAGE', {
        what: 'netlink attribute too long',
        expected: '65531 bytes',
        got: `${length} bytes`,
      });
    }
    const at = this.#reserve(4 + length);
    this.#view.setUint16(at, length + 4, HOST_IS_LITTLE_ENDIAN);
    this.#view.setUint16(at + 2, type, HOST_IS_LITTLE_ENDIAN);
    return at + 4;
  }

  /** Appends a fixed header of `size` zero bytes, filled in by the callback (host order where `littleEndian` is passed on). */
  header(size: number, fill: (view: DataView, at: number, littleEndian: boolean) => void): this {
    const at = this.#reserve(size);
    fill(this.#view, at, HOST_IS_LITTLE_ENDIAN);
    return this;
  }

  u8(type: number, value: number): this {
    const at = this.#attribute(type, 1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(type: number, value: number): this {
    const at = this.#attribute(type, 2);
    this.#view.setUint16(at, value, HOST_IS_LITTLE_ENDIAN);
    return this;
  }

  u32(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#view.setUint32(at, value, HOST_IS_LITTLE_ENDIAN);
    return this;
  }

  /** A u32 in network order: nf_tables. */
  u32be(type: number, value: number): this {
    const at = this.#attribute(type, 4);
    this.#view.setUint32(at, value, false);
    return this;
  }

  bytes(type: number, value: Uint8Array): this {
    const at = this.#attribute(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** A NUL-terminated string. */
  string(type: number, value: string): this {
    // Names are short and nearly always ASCII: a loop costs a fifth of TextEncoder.
    let isAscii = true;
    for (let i = 0; i < value.length && isAscii; i++) isAscii = value.charCodeAt(i) < 0x80;
    const encoded = isAscii ? undefined : utf8.encode(value);
    const at = this.#attribute(type, (encoded?.length ?? value.length) + 1);
    if (encoded !== undefined) this.#bytes.set(encoded, at);
    else for (let i = 0; i < value.length; i++) this.#bytes[at + i] = value.charCodeAt(i);
    return this;
  }

  /** Attributes within an attribute. Old attribute types want no NLA_F_NESTED; newer ones refuse without it. */
  nested(type: number, write: (writer: this) => void, flag: number = NLA_F_NESTED): this {
    const at = this.#reserve(4);
    write(this);
    const length = this.#length - at;
    if (length > MAX_ATTRIBUTE) {
      throw uplinkError('USAGE', {
        what: 'netlink attribute too long',
        expected: '65535 bytes',
        got: `${length} bytes`,
      });
    }
    this.#view.setUint16(at, length, HOST_IS_LITTLE_ENDIAN);
    this.#view.setUint16(at + 2, type | flag, HOST_IS_LITTLE_ENDIAN);
    return this;
  }

  /** A struct that begins with its own 16-bit length and goes on with attributes: struct rtnexthop. */
  sized(
    size: number,
    write: (view: DataView, at: number, littleEndian: boolean) => void,
    attributes: (writer: this) => void,
  ): this {
    const at = this.#reserve(size);
    write(this.#view, at, HOST_IS_LITTLE_ENDIAN);
    attributes(this);
    this.#view.setUint16(at, this.#length - at, HOST_IS_LITTLE_ENDIAN);
    return this;
  }

  /** A copy of what was written. The writer must not be used after this. */
  finish(): Uint8Array {
    // From Buffer's pool: a typed array of its own costs a malloc above 64 bytes.
    const copy = Buffer.allocUnsafe(this.#length);
    copy.set(this.#bytes.subarray(0, this.#length));
    if (this.#bytes.length <= KEPT_CAPACITY) spare = this.#bytes;
    return copy;
  }
}
