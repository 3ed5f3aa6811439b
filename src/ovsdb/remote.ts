import type { UplinkError } from '../errors.ts';
import { uplinkError } from '../errors.ts';

/** Where an OVSDB server listens. */
export type Remote =
  | { readonly transport: 'unix'; readonly path: string }
  | { readonly transport: 'tcp' | 'ssl'; readonly host: string; readonly port: number };

/** The IANA port of OVSDB (RFC 7047 §6), used where a remote names none. */
export const OVSDB_PORT = 6640;
/** `sun_path` of Linux holds 108 bytes with its terminator (unix(7)). */
const MAX_UNIX_PATH_BYTES = 107;
const FORMS = 'unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT], an IPv6 address in square brackets';

/**
 * Parses `unix:PATH`, `tcp:HOST:PORT`, `tcp:[::1]:6640`, `ssl:HOST:PORT`, or several of them separated by commas (the
 * servers of a cluster). Throws `USAGE` that names the text and what was expected.
 */
export function parseRemotes(text: string): Remote[] {
  return text.split(',').map(part => parseRemote(part.trim()));
}

/** The text of a remote, as {@link parseRemotes} takes it. */
export function formatRemote(remote: Remote): string {
  if (remote.transport === 'unix') return `unix:${remote.path}`;
  const host = remote.host.includes(':') ? `[${remote.host}]` : remote.host;
  return `${remote.transport}:${host}:${remote.port}`;
}

function bad(text: string, expected: string): UplinkError {
  return uplinkError('USAGE', {
    what: 'not an OVSDB remote',
    object: text,
    expected,
    got: text === '' ? 'an empty text' : `"${text}"`,
    advice: 'write for instance unix:/var/run/openvswitch/db.sock',
  });
}

function parseRemote(text: string): Remote {
  const colon = text.indexOf(':');
  const transport = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (colon === -1) throw bad(text, FORMS);
  switch (transport) {
    case 'unix':
      if (rest === '') throw bad(text, 'a path after "unix:"');
      if (rest.includes('\0')) throw bad(text, 'a path without NUL');
      if (Buffer.byteLength(rest) > MAX_UNIX_PATH_BYTES) {
        throw bad(text, `a socket path of at most ${MAX_UNIX_PATH_BYTES} bytes`);
      }
      return { transport, path: rest };
    case 'tcp':
    case 'ssl':
      return { transport, ...parseHostPort(text, rest) };
    default:
      throw bad(text, FORMS);
  }
}

function parseHostPort(text: string, rest: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[^\]]+)?)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(rest);
  if (match === null) throw bad(text, FORMS);
  const host = match[1] ?? match[2] ?? '';
  if (match[1] !== undefined && !match[1].includes(':')) throw bad(text, 'an IPv6 address in the square brackets');
  const port = match[3] === undefined ? OVSDB_PORT : Number(match[3]);
  if (port < 1 || port > 65535) throw bad(text, 'a port from 1 to 65535');
  return { host, port };
}
