import type { Socket } from 'node:net';
import type { DBusConnection, MessageBus } from 'dbus-native';

/** dbus-daemon itself takes messages of up to 32 MiB from root; what we ask for has a few kB. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** What may wait to be taken by a bus that does not read. */
export const MAX_UNSENT_BYTES = 256 * 1024;

/** dbus-native on a connected socket. What goes wrong there ends the socket with that error; nothing reaches the event loop. */
export async function openLibrary(socket: Socket): Promise<MessageBus> {
  // Loaded here, as a host without a bus never needs it.
  const { createClient } = await import('dbus-native');
  const bus = createClient({
    stream: socket,
    // It would throw the failure of a Hello of its own into the event loop; we say Hello ourselves.
    direct: true,
    authMethods: ['EXTERNAL'],
    maxMessageSize: MAX_MESSAGE_BYTES,
    // Our own timers: these would let the process end while a call is under way.
    timeout: 0,
    // Dictionaries as pairs: a key like `__proto__` is harmless there.
    plainValues: false,
    variants: 'plain',
  });
  const connection: DBusConnection = bus.connection;
  const end = (error: Error): void => {
    socket.destroy(error);
  };
  connection.on('error', end);
  connection.on('handlerError', end);
  connection.on('message', () => {
    // It answers calls of others by itself.
    if (socket.writableLength > MAX_UNSENT_BYTES) end(new Error('the bus does not read'));
  });
  return bus;
}
