import type { HostView, ProbeMessage, WireMessage } from '../../../src/inspect/wire/messages.ts';
import { WIRE_VERSION } from '../../../src/inspect/wire/messages.ts';

const MACHINE = JSON.stringify({ id: 'm', initial: 'a', states: { a: {}, b: {} } });

const at = (ms: number | string) => ({ createdAt: String(ms), _version: WIRE_VERSION }) as const;

/** A machine begins. */
export function machine(ms: number, sessionId: string, value: unknown, parentId?: string): WireMessage {
  return {
    ...at(ms),
    type: '@xstate.actor',
    id: null,
    name: sessionId,
    sessionId,
    parentId,
    definition: MACHINE,
    snapshot: { status: 'active', value },
  };
}

/** A promise or callback of `parentId` begins. */
export function worker(ms: number, sessionId: string, parentId: string): WireMessage {
  return {
    ...at(ms),
    type: '@xstate.actor',
    id: null,
    name: sessionId,
    sessionId,
    parentId,
    definition: undefined,
    snapshot: { status: 'active' },
  };
}

/** An actor has worked an event off. */
export function went(
  ms: number | string,
  sessionId: string,
  type: string,
  value: unknown,
  status: 'active' | 'done' | 'error' | 'stopped' = 'active',
): WireMessage {
  return { ...at(ms), type: '@xstate.snapshot', id: null, sessionId, event: { type }, snapshot: { status, value } };
}

export function transition(ms: number, sessionId: string, source: string, target: string): WireMessage {
  const transitions = [{ source, targets: [target], event: 'GO', guard: null, actions: [] }];
  return { ...at(ms), type: '@ovs-uplink.transition', sessionId, transitions };
}

export function host(ms: number, view: HostView): WireMessage {
  return { ...at(ms), type: '@ovs-uplink.host', host: view };
}

export function effect(ms: number, text: string, failure: string | null = null): WireMessage {
  return { ...at(ms), type: '@ovs-uplink.effect', sessionId: null, op: text, text, failure };
}

export function note(ms: number | string, text: string): WireMessage {
  return { ...at(ms), type: '@ovs-uplink.note', kind: 'happening', text };
}

export function probe(ms: number, target: string, ok: boolean): ProbeMessage {
  return { ...at(ms), type: '@ovs-uplink.probe', target, ok };
}

export function source(ms: number, isLive: boolean): WireMessage {
  return { ...at(ms), type: '@ovs-uplink.source', title: 'a source', kind: isLive ? 'live' : 'scenario', isLive };
}
