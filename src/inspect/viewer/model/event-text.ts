import type { WireEvent } from '../../wire/messages.ts';

/** An event in one line: XState's own in words, others by their type and what they are about. */
export function eventText(event: WireEvent): string {
  const { type } = event;
  if (type === '') return 'a change';
  const [, kind, what] = /^xstate\.(done|error)\.(?:actor|state)\.(.+)$/.exec(type) ?? [];
  if (what !== undefined)
    return `${lastOf(plainName(what))} ${kind === 'done' ? 'is done' : `fails${reasonOf(event)}`}`;
  const [, delay] = /^xstate\.after\.([^.]+)\./.exec(type) ?? [];
  if (delay !== undefined) return `${delay} passes`;
  const about = aboutOf(event);
  return about === '' ? type : `${type} ${about}`;
}

/** XState calls an actor without an id of its own by where its chart invokes it: `0.uplink-migration.preparing.locking`. */
export function plainName(name: string): string {
  return name.replace(/^\d+\.[^.]+\./, '');
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

function reasonOf({ error }: WireEvent): string {
  if (!isFields(error)) return '';
  const reason = error['message'] ?? error['what'];
  return typeof reason === 'string' ? `: ${reason}` : '';
}

/** What our own events are about: a link, an address, a reason. */
function aboutOf({ link, address, reason, failure, owner }: WireEvent): string {
  if (isFields(link) && typeof link['name'] === 'string') return link['name'];
  if (isFields(address) && typeof address['local'] === 'string') return address['local'];
  if (isFields(failure) && typeof failure['what'] === 'string') return failure['what'];
  return [reason, owner].find((text): text is string => typeof text === 'string') ?? '';
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
