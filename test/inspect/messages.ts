import type {
  ActorMessage,
  HostMessage,
  HostView,
  NoteMessage,
  SnapshotMessage,
  SourceMessage,
} from '../../src/inspect/wire/messages.ts';
import { WIRE_VERSION } from '../../src/inspect/wire/messages.ts';

const BASE = { createdAt: '0', _version: WIRE_VERSION };

export function actorMessage(sessionId: string, context: unknown = null): ActorMessage {
  const snapshot = { status: 'active', value: 'idle', context } as const;
  return {
    ...BASE,
    type: '@xstate.actor',
    id: null,
    name: sessionId,
    sessionId,
    parentId: undefined,
    definition: undefined,
    snapshot,
  };
}

export function snapshotMessage(
  sessionId: string,
  context: unknown,
  status: 'active' | 'done' = 'active',
): SnapshotMessage {
  const snapshot = { status, value: 'idle', context } as const;
  return { ...BASE, type: '@xstate.snapshot', id: null, sessionId, event: { type: 'GO' }, snapshot };
}

export function noteMessage(text: string): NoteMessage {
  return { ...BASE, type: '@ovs-uplink.note', kind: 'happening', text };
}

export function hostMessage(host: HostView): HostMessage {
  return { ...BASE, type: '@ovs-uplink.host', host };
}

export function sourceMessage(title: string): SourceMessage {
  return { ...BASE, type: '@ovs-uplink.source', title, kind: 'live', isLive: true };
}
