import type { Socket } from 'node:net';
import type { MessageBus } from 'dbus-native';
import { uplinkError } from '../../../errors.ts';
import { busErrorName, toCallFailure } from './bus-failure.ts';
import { MAX_UNSENT_BYTES } from './library.ts';
import { underLimit } from './limit.ts';
import type { BusCall, BusObject, SystemBus } from './system-bus.ts';
import { toDictionary, toText } from './values.ts';

/** Message flag: do not start a service in order to deliver this (D-Bus specification, "Message Format"). */
const NO_AUTO_START = 0x2;
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** The bus itself, as an object on the bus. */
export const DAEMON: BusObject = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
};

/** The part of a {@link SystemBus} that asks. */
export type BusCalls = Pick<SystemBus, 'call' | 'getAll' | 'get' | 'set' | 'nameOwner'>;

/** Calls over a connection, each under a limit. */
export function createCalls(socket: Socket, bus: MessageBus, defaultLimitMs: number): BusCalls {
  const call: BusCalls['call'] = async (message, limitMs = defaultLimitMs, signal) => {
    const object = `${message.destination} ${message.interface}.${message.member}`;
    const silent = { what: 'no answer over the system bus', object };
    if (socket.writableLength > MAX_UNSENT_BYTES) throw uplinkError('OWNER_UNREACHABLE', silent);
    return underLimit(limitMs, signal, silent, limit => invoke(bus, message, object, limit));
  };
  const ask = async (object: BusObject, member: string, more: Signed, limitMs?: number, signal?: AbortSignal) => {
    const { destination, path } = object;
    return (await call({ destination, path, interface: PROPERTIES, member, ...more }, limitMs, signal))[0];
  };
  return {
    call,
    async getAll(object, limitMs, signal) {
      const answer = await ask(object, 'GetAll', { signature: 's', body: [object.interface] }, limitMs, signal);
      return toDictionary(answer, object.path);
    },
    get: (object, property, limitMs, signal) =>
      ask(object, 'Get', { signature: 'ss', body: [object.interface, property] }, limitMs, signal),
    async set(object, property, signature, value, limitMs, signal) {
      const body = [object.interface, property, [signature, value]];
      await ask(object, 'Set', { signature: 'ssv', body }, limitMs, signal);
    },
    async nameOwner(name, limitMs, signal) {
      const request = { ...DAEMON, member: 'GetNameOwner', signature: 's', body: [name] };
      try {
        return toText((await call(request, limitMs, signal))[0], name);
      } catch (error) {
        if (busErrorName(error) === 'org.freedesktop.DBus.Error.NameHasNoOwner') return undefined;
        throw error;
      }
    },
  };
}

type Signed = Required<Pick<BusCall, 'signature' | 'body'>>;

function invoke(bus: MessageBus, message: BusCall, object: string, signal: AbortSignal): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = message;
    const sent = { ...rest, flags: NO_AUTO_START, ...(body === undefined ? {} : { body: [...body] }) };
    bus.invoke(sent, { signal }, (error, ...values: unknown[]) => {
      if (error === null) resolve(values);
      else reject(signal.aborted ? signal.reason : toCallFailure(error, object));
    });
  });
}
