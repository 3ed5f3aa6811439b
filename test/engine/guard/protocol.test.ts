import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { receive } from '../../../src/engine/guard/protocol.ts';

/** What is received of these chunks, and whether the connection lives on. */
function receiveAll(chunks: readonly string[]): { readonly messages: readonly unknown[]; readonly alive: boolean } {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const messages: unknown[] = [];
  receive(socket as Socket, message => messages.push(message));
  for (const chunk of chunks) socket.emit('data', chunk);
  return { messages, alive: !socket.destroyed };
}

describe('messages between a run and its guard', () => {
  it('are lines, however they are cut', () => {
    const chunks = ['{"type":"allow","allo', 'wMs":5}\n{"type":"disarm"}\n{"type"', ':"disarm"}\n'];
    expect(receiveAll(chunks)).toEqual({
      messages: [{ type: 'allow', allowMs: 5 }, { type: 'disarm' }, { type: 'disarm' }],
      alive: true,
    });
  });

  it.each([
    ['no JSON', 'hello\n'],
    ['no object', '5\n'],
    ['without a type', '{}\n'],
    ['that never ends', 'x'.repeat(5_000)],
  ])('%s: the connection is given up', (_, text) => {
    expect(receiveAll([text])).toEqual({ messages: [], alive: false });
  });
});
