import type { Message, MessageBus } from 'dbus-native';
import { type BusCalls, DAEMON } from './calls.ts';
import { type BusSignal, formatMatchRule, matchesFilter, type SignalFilter } from './match-rule.ts';
import type { SystemBus } from './system-bus.ts';

/** Type of a message that is a signal (D-Bus specification, "Message Format"). */
const SIGNAL = 4;

interface Subscription {
  readonly filter: SignalFilter;
  readonly listener: (signal: BusSignal) => void;
}

/** Signals over a connection: those that a filter asked for, and no others. */
export function createSubscriptions(bus: MessageBus, calls: BusCalls): Pick<SystemBus, 'subscribe'> {
  const subscriptions = new Set<Subscription>();
  bus.connection.on('message', message => {
    const signal = toSignal(message);
    if (signal === undefined) return;
    for (const { filter, listener } of subscriptions) if (matchesFilter(signal, filter)) listener(signal);
  });
  return {
    async subscribe(filter, listener, limitMs, signal) {
      const rule = { signature: 's', body: [formatMatchRule(filter)] };
      const subscription = { filter, listener };
      // First, so that nothing that comes right after the answer is missed.
      subscriptions.add(subscription);
      try {
        await calls.call({ ...DAEMON, member: 'AddMatch', ...rule }, limitMs, signal);
      } catch (error) {
        subscriptions.delete(subscription);
        throw error;
      }
      return () => {
        if (!subscriptions.delete(subscription)) return;
        // The bus forgets the rule with the connection at the latest.
        calls.call({ ...DAEMON, member: 'RemoveMatch', ...rule }, limitMs).catch(() => undefined);
      };
    },
  };
}

/** Broadcast signals only: one that is addressed to us came past the rules, from whoever liked to. */
function toSignal(message: Message): BusSignal | undefined {
  const { type, sender, path, member, destination, body = [] } = message;
  if (type !== SIGNAL || destination !== undefined) return undefined;
  if (sender === undefined || path === undefined || message.interface === undefined || member === undefined) {
    return undefined;
  }
  return { sender, path, interface: message.interface, member, body };
}
