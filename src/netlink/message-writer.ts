import { uplinkError } from '../errors.ts';
import { align4, HOST_IS_LITTLE_ENDIAN, NLA_F_NESTED } from './wire.ts';

const utf8 = new TextEncoder();
/** An attribute's length is 16 bits wide. */
const MAX_ATTRIBUTE = 0xffff;

/** Writes the family header and the attributes of one message; grows as needed. */
export class MessageWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #reserve(count: number): number {
    const at = this.#length;
    const end = at + align4(count);
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
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
    const encoded = utf8.encode(value);
    const at = this.#attribute(type, encoded.length + 1);
    this.#bytes.set(encoded, at);
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

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
