/** Where the system bus listens unless `DBUS_SYSTEM_BUS_ADDRESS` says otherwise (D-Bus specification, "Well-known Message Bus Instances"). */
export const DEFAULT_SYSTEM_BUS = 'unix:path=/run/dbus/system_bus_socket';

/** `sun_path` of Linux holds 108 bytes with its terminator (unix(7)). */
const MAX_UNIX_PATH_BYTES = 107;

/**
 * The unix sockets that a D-Bus address names, in its order, in the form that `net.connect` takes (an abstract one begins with NUL). Other
 * transports and malformed parts are left out: a system bus is a unix socket, and `unixexec:` would start a program.
 */
export function parseBusAddress(text: string): string[] {
  return text.split(';').flatMap(part => {
    const colon = part.indexOf(':');
    if (part.slice(0, colon) !== 'unix') return [];
    for (const pair of part.slice(colon + 1).split(',')) {
      const equals = pair.indexOf('=');
      const key = pair.slice(0, equals);
      if (key !== 'path' && key !== 'abstract') continue;
      const value = unescapeValue(pair.slice(equals + 1));
      if (value === undefined || value === '' || value.includes('\0')) return [];
      if (Buffer.byteLength(value) > MAX_UNIX_PATH_BYTES) return [];
      return [key === 'abstract' ? `\0${value}` : value];
    }
    return [];
  });
}

/** Bytes outside the specification's "optionally-escaped" set are written `%xx`. */
function unescapeValue(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
