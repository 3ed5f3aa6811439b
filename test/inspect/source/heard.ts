import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { statePath } from '../../../src/engine/migration/state-path.ts';
import { createDecoder, createEncoder } from '../../../src/inspect/wire/encoded.ts';
import type { HostView, WireMessage } from '../../../src/inspect/wire/messages.ts';

/** Messages of one type, in order. */
export function ofType<Type extends WireMessage['type']>(messages: readonly WireMessage[], type: Type) {
  return messages.filter((one): one is Extract<WireMessage, { readonly type: Type }> => one.type === type);
}

/** States that machines were in after an event, in order, each once in a row. */
export function statesOf(messages: readonly WireMessage[]): readonly string[] {
  return withoutRepeats(messages.flatMap(stayedIn));
}

/** As {@link statesOf}, with those that were left again at once. */
export function passedStatesOf(messages: readonly WireMessage[]): readonly string[] {
  const passed = (message: WireMessage): readonly string[] =>
    message.type === '@ovs-uplink.transition'
      ? message.transitions.filter(({ event }) => event === '').map(({ source }) => source)
      : stayedIn(message);
  return withoutRepeats(messages.flatMap(passed));
}

export function withoutRepeats(states: readonly string[]): readonly string[] {
  return states.filter((state, index) => state !== states[index - 1]);
}

function stayedIn(message: WireMessage): readonly string[] {
  if (message.type !== '@xstate.actor' && message.type !== '@xstate.snapshot') return [];
  const { value } = message.snapshot;
  return value === undefined ? [] : [statePath(value)];
}

/** True where all of `part` are in `whole`, in that order. */
export function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const one of whole) if (one === part[at]) at += 1;
  return at === part.length;
}

export function lastHost(messages: readonly WireMessage[]): HostView | undefined {
  return ofType(messages, '@ovs-uplink.host').at(-1)?.host;
}

/** What every source owes: JSON and nothing else, in the order of time, and the same after a way over the wire. */
export function expectSound(messages: readonly WireMessage[]): void {
  const [encoder, decoder] = [createEncoder('viewer'), createDecoder()];
  let before = Number.NEGATIVE_INFINITY;
  for (const message of messages) {
    const json = JSON.parse(JSON.stringify(message));
    if (!isDeepStrictEqual(json, withoutUndefined(message))) expect(json).toEqual(message);
    const decoded = decoder.decode(encoder.encode(message)!);
    if (!isDeepStrictEqual(decoded, json)) expect(decoded).toEqual(json);
    const ms = Number(message.createdAt);
    if (!(ms >= before)) throw new Error(`${message.type} at ${message.createdAt} comes after ${before}`);
    before = ms;
  }
}

function withoutUndefined(message: WireMessage): object {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined));
}
