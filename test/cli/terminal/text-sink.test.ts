import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createTextSink } from '../../../src/cli/terminal/text-sink.ts';

const SINK = new URL('../../../src/cli/terminal/text-sink.ts', import.meta.url).href;

/** Runs a program with `sink` for its standard output and `tell` for fd 3; both ends are pipes. */
function start(body: string) {
  const program = `
    import { createTextSink } from '${SINK}';
    import { writeSync } from 'node:fs';
    const sink = createTextSink(1);
    const tell = text => writeSync(3, text + '\\n');
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const out = child.stdout!;
  const told = child.stdio[3] as NodeJS.ReadableStream;
  return { child, out, told };
}

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

describe('text sink', () => {
  it('keeps order and loses nothing when the reader is slow, and never blocks the program meanwhile', async () => {
    const { child, out, told } = start(`
      for (let i = 0; i < 100_000; i++) sink.write('line ' + i + '\\n');
      setImmediate(() => tell('the event loop goes on'));
      await sink.flush();
      tell('dropped ' + sink.droppedBytes);`);
    // A pipe holds 64 KiB: the program can only say this when a full pipe doesn't stop it. Nothing is read until then.
    const [first] = await once(told, 'data');
    expect(String(first)).toContain('the event loop goes on');
    const [text, rest] = await Promise.all([read(out), read(told)]);
    expect(text).toBe(Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join(''));
    expect(rest).toContain('dropped 0');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });

  it('a pipe that somebody made non-blocking is waited for, too', async () => {
    const { out, told } = start(`
      process.stdout.writableLength; // makes the pipe non-blocking
      for (let i = 0; i < 50_000; i++) sink.write('line ' + i + '\\n');
      setImmediate(() => tell('the event loop goes on'));
      await sink.flush();
      tell('dropped ' + sink.droppedBytes);`);
    expect(String((await once(told, 'data'))[0])).toContain('the event loop goes on');
    const [text, rest] = await Promise.all([read(out), read(told)]);
    expect(text).toBe(Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join(''));
    expect(rest).toContain('dropped 0');
  });

  it('a reader that goes away (EPIPE) ends the output, not the program', async () => {
    const { child, out, told } = start(`
      sink.write('x'.repeat(1 << 20));
      await sink.flush();
      sink.write('more');
      await sink.flush();
      tell('alive, dropped ' + (sink.droppedBytes > 0));`);
    out.destroy();
    expect(await read(told)).toBe('alive, dropped true\n');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });

  it('the queue is bounded: what does not fit is dropped and counted', async () => {
    const { out, told } = start(`
      for (let i = 0; i < 20; i++) sink.write('x'.repeat(1 << 20));
      tell('dropped ' + sink.droppedBytes);
      await sink.flush();`);
    const [first] = await once(told, 'data');
    const dropped = Number(/dropped (\d+)/.exec(String(first))![1]);
    expect(dropped).toBe(12 << 20);
    expect((await read(out)).length).toBe(8 << 20);
  });

  it('a descriptor that is closed is no error', async () => {
    const fd = openSync('/dev/null', 'w');
    closeSync(fd);
    const sink = createTextSink(fd);
    sink.write('text');
    await sink.flush();
    expect(sink.droppedBytes).toBe(4);
  });
});
