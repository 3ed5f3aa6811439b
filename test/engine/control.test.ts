import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControl, sendControl } from '../../src/engine/control.ts';

let directory: string;
let control: ReturnType<typeof createControl>;
let calls: string[];
let state: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), `ovsu-${process.pid}-control-`));
  calls = [];
  state = 'confirming';
  control = createControl(directory, 'eth0', {
    confirm: () => calls.push('confirm'),
    abort: reason => calls.push(`abort: ${reason}`),
    state: () => state,
  });
  await control.listen();
});

afterEach(async () => {
  await control.stop();
  rmSync(directory, { recursive: true, force: true });
});

const path = (): string => join(directory, 'eth0.sock');

/** Sends bytes and resolves with all that comes back until the other side closes. */
function send(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(path());
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    // EPIPE and ECONNRESET: it was closed before it had taken everything.
    socket.on('error', error => {
      if (!/EPIPE|ECONNRESET/.test(error.message)) reject(error);
    });
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}

describe('a run’s control socket', () => {
  it('passes confirm, abort and questions on, and answers with the state', async () => {
    expect(await sendControl(directory, 'eth0', 'confirm')).toBe('confirming');
    expect(await sendControl(directory, 'eth0', 'state')).toBe('confirming');
    expect(await sendControl(directory, 'eth0', 'abort')).toBe('confirming');
    expect(calls).toEqual(['confirm', 'abort: asked by another process']);
  });

  it('refuses to confirm what does not wait for it, and says where the run is', async () => {
    state = 'cuttingOver.switchingRoutes';
    await expect(sendControl(directory, 'eth0', 'confirm')).rejects.toMatchObject({
      code: 'USAGE',
      details: { got: 'it is in cuttingOver.switchingRoutes' },
    });
    expect(calls).toEqual([]);
  });

  it('is for this user only', () => {
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['garbage', 'hello\n'],
    ['an empty line', '\n'],
    ['null', 'null\n'],
    ['a number', '7\n'],
    ['a list', '["confirm"]\n'],
    ['binary', Buffer.from([0, 255, 254, 10])],
    ['half a character', Buffer.from([0xe2, 0x82, 10])],
    ['an unknown command', '{"command":"rm -rf"}\n'],
    ['a command that is an object', '{"command":{"toString":"confirm"}}\n'],
    ['a command from the prototype', '{"command":"__proto__"}\n'],
    ['deep nesting', `${'['.repeat(4000)}\n`],
  ])('does nothing for %s, and goes on serving', async (_, bytes) => {
    const answer = await send(bytes);
    expect(['', '{"ok":false}\n']).toContain(answer);
    expect(calls).toEqual([]);
    expect(await sendControl(directory, 'eth0', 'state')).toBe('confirming');
  });

  it('hangs up on a line that has no end', async () => {
    expect(await send('x'.repeat(1_000_000))).toBe('');
    expect(calls).toEqual([]);
    expect(await sendControl(directory, 'eth0', 'state')).toBe('confirming');
  });

  it('hangs up on a line that is too long also when it ends', async () => {
    expect(await send(`{"command":"confirm","x":"${'y'.repeat(10_000)}"}\n`)).toBe('');
    expect(calls).toEqual([]);
  });

  it('takes one command a connection', async () => {
    const answer = await send('{"command":"state"}\n{"command":"abort"}\n');
    expect(answer).toBe('{"ok":true,"state":"confirming"}\n');
    expect(calls).toEqual([]);
  });

  it('carries a command out once, also when more comes after it in another packet', async () => {
    const socket = connect(path());
    const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.resume();
    await new Promise<void>(resolve => socket.write('{"command":"abort"}\n', () => resolve()));
    await new Promise<void>(resolve => socket.write('more\n', () => resolve()));
    await closed;
    expect(calls).toEqual(['abort: asked by another process']);
  });

  it('takes a command that comes byte by byte', async () => {
    const socket = connect(path());
    const ended = new Promise<string>(resolve => {
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    for (const byte of '{"command":"confirm"}\n') {
      await new Promise<void>(resolve => socket.write(byte, () => resolve()));
    }
    expect(await ended).toContain('"ok":true');
    expect(calls).toEqual(['confirm']);
  });

  it('serves a hundred clients at once while another hundred say nothing', async () => {
    const silent = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = connect(path());
        socket.on('error', () => undefined);
        await new Promise<void>(resolve => socket.once('connect', () => resolve()));
        return socket;
      }),
    );
    const answers = await Promise.all(Array.from({ length: 100 }, () => sendControl(directory, 'eth0', 'state')));
    expect(new Set(answers)).toEqual(new Set(['confirming']));
    // Those that said nothing do not hold up the end.
    const closed = silent.map(socket => new Promise<void>(resolve => socket.once('close', () => resolve())));
    await control.stop();
    await Promise.all(closed);
  });

  it('is gone after stop, and a question is then answered with "none"', async () => {
    await control.stop();
    expect(existsSync(path())).toBe(false);
    await expect(sendControl(directory, 'eth0', 'confirm')).rejects.toMatchObject({
      code: 'USAGE',
      details: { got: 'none' },
    });
    await control.stop();
  });

  it('takes the place of a socket that a killed process left', async () => {
    await control.stop();
    // Closing a server takes its name away; a killed one leaves it. A file stands for it: connecting is refused alike.
    writeFileSync(path(), '');
    await expect(sendControl(directory, 'eth0', 'state')).rejects.toMatchObject({ code: 'USAGE' });
    await control.listen();
    expect(await sendControl(directory, 'eth0', 'state')).toBe('confirming');
  });

  it('that answers nonsense is an error, not a state', async () => {
    await control.stop();
    const server = createServer(socket => socket.resume().end('nonsense\n'));
    await new Promise<void>(resolve => server.listen(path(), resolve));
    try {
      await expect(sendControl(directory, 'eth0', 'state')).rejects.toMatchObject({ details: { got: 'no answer' } });
    } finally {
      await new Promise(resolve => server.close(resolve));
    }
  });
});
