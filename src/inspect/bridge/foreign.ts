import type { ActorSnapshot, WireEvent, WireMessage } from '../wire/messages.ts';
import { plain } from '../wire/plain.ts';

const MAX_NAME = 256;
const MAX_DEFINITION = 512 * 1024;

type Fields = Readonly<Record<string, unknown>>;

/** The three messages that others may send. */
export type ForeignMessage = Extract<WireMessage, { readonly id: null }>;

/**
 * A message of `@statelyai/inspect` from somewhere else: JSON of bounded depth and size in which each field has its type. Ids get a prefix, for every
 * process counts its actors from zero. Null for what is none of the three, or lacks what they need.
 */
export function readForeign(text: string, prefix: string): ForeignMessage | null {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isFields(given)) return null;
  const { type, sessionId, _version: version, createdAt, rootId, snapshot } = given;
  if (!isName(sessionId) || !isName(version)) return null;
  const idOf = (id: unknown): string | undefined => (isName(id) ? `${prefix}${id}` : undefined);
  const base = {
    id: null,
    sessionId: `${prefix}${sessionId}`,
    // Of what `inspector.event` and `inspector.snapshot` tell it does not know.
    rootId: rootId === 'anonymous' ? undefined : idOf(rootId),
    createdAt: isName(createdAt) ? createdAt : '0',
    _version: version,
  } as const;
  switch (type) {
    case '@xstate.actor': {
      const { name, parentId, definition } = given;
      return {
        ...base,
        type,
        name: isName(name) ? name : sessionId,
        parentId: idOf(parentId),
        definition: typeof definition === 'string' && definition.length <= MAX_DEFINITION ? definition : undefined,
        snapshot: snapshotOf(snapshot),
      };
    }
    case '@xstate.event': {
      const event = eventOf(given['event']);
      return event === null ? null : { ...base, type, sourceId: idOf(given['sourceId']), event };
    }
    case '@xstate.snapshot':
      return { ...base, type, event: eventOf(given['event']) ?? { type: '' }, snapshot: snapshotOf(snapshot) };
    default:
      return null;
  }
}

function eventOf(given: unknown): WireEvent | null {
  if (!isFields(given) || typeof given['type'] !== 'string') return null;
  return plain(given) as unknown as WireEvent;
}

function snapshotOf(given: unknown): ActorSnapshot {
  if (!isFields(given)) return { status: 'active' };
  const { status, value, context, output, error } = given;
  return {
    status: status === 'done' || status === 'error' || status === 'stopped' ? status : 'active',
    ...(value === undefined ? {} : { value: plain(value) }),
    ...(context === undefined ? {} : { context: plain(context) }),
    ...(output === undefined ? {} : { output: plain(output) }),
    ...(error === undefined ? {} : { error: plain(error) }),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_NAME;
}
