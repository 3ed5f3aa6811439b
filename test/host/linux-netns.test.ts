import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNetnses } from '../../src/host/linux-netns.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ovs-uplink-netns-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Descriptors of this process, but those that come and go by themselves. */
const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('a network namespace that cannot be opened', () => {
  it.each([
    ['a file that is none', (path: string) => writeFileSync(path, '')],
    ['a pipe that nobody writes to', (path: string) => execFileSync('mkfifo', [path])],
    ['nothing', () => undefined],
  ])('%s is refused, and leaves nothing open', async (_, make) => {
    const path = join(folder, 'netns');
    make(path);
    const before = openFiles();
    await using netnses = createNetnses();
    await expect(netnses.openNetns(path)).rejects.toThrow(/network namespace/);
    await netnses[Symbol.asyncDispose]();
    expect(openFiles()).toBe(before);
  });

  it('our own is refused, and leaves nothing open', async () => {
    const before = openFiles();
    await using netnses = createNetnses();
    await expect(netnses.openNetns('/proc/self/ns/net')).rejects.toThrow(/the network namespace of this host itself/);
    await netnses[Symbol.asyncDispose]();
    expect(openFiles()).toBe(before);
  });
});
