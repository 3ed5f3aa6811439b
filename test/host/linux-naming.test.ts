import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Link } from '../../src/domain/link.ts';
import { NO_UDEV } from '../../src/domain/udev/udev-facts.ts';
import { readKernelCommandLine, readUdevFacts } from '../../src/host/linux-naming.ts';
import { awaitUdevSettled } from '../../src/host/linux-udev-settled.ts';
import { link } from '../domain/precheck/hosts.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ovsu-naming-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

/** As udevd does: whole or not at all. */
async function record(index: number, text: string): Promise<void> {
  await put(`run/udev/data/.#n${index}`, text);
  await rename(join(root, `run/udev/data/.#n${index}`), join(root, `run/udev/data/n${index}`));
}

describe('what udev says', () => {
  it('is nothing where there is no udev', async () => {
    expect(await readUdevFacts(root, 'eth0')).toEqual(NO_UDEV);
  });

  it('are the properties that it has of the link with that ifindex', async () => {
    await put('sys/class/net/eth0/ifindex', '7\n');
    await record(
      7,
      'I:35617264868\nE:ID_NET_LINK_FILE=/etc/systemd/network/10-x.link\nE:ID_MODEL=a=b c\nG:systemd\nV:1\n',
    );
    await record(8, 'E:ID_NET_NAME=other\n');
    expect((await readUdevFacts(root, 'eth0')).properties).toEqual({
      ID_NET_LINK_FILE: '/etc/systemd/network/10-x.link',
      ID_MODEL: 'a=b c',
    });
    expect((await readUdevFacts(root, '../eth0')).properties).toBeNull();
  });

  it.each([
    ['usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so', '', 252],
    ['usr/lib64/systemd/libsystemd-shared-257-9.el10.so', '', 257],
    ['lib/systemd/libsystemd-shared-249.11.so', '', 249],
    ['usr/share/pkgconfig/udev.pc', 'Name: udev\nVersion: 255\n', 255],
    ['usr/lib/systemd/libsystemd-core-252.so', '', null],
  ])('%s tells the version', async (path, text, version) => {
    await put(path, text);
    expect((await readUdevFacts(root, 'eth0')).version).toBe(version);
  });

  it('runs where its control socket is', async () => {
    await mkdir(join(root, 'run/udev'), { recursive: true });
    const server = createServer();
    await new Promise<void>(resolve => server.listen(join(root, 'run/udev/control'), resolve));
    expect((await readUdevFacts(root, 'eth0')).isRunning).toBe(true);
    await new Promise(resolve => server.close(resolve));
  });

  it('comes with the kernel’s command line', async () => {
    expect(await readKernelCommandLine(root)).toBe('');
    await put('proc/cmdline', 'quiet net.ifnames=0\n');
    expect(await readKernelCommandLine(root)).toBe('quiet net.ifnames=0');
  });
});

describe('the wait for udev', () => {
  const known = link({ index: 7, name: 'eth0~', altnames: ['eth0'] });
  const MAC = known.mac ?? '';

  /** Waits for link 9; `tell` shows it with another MAC. */
  function wait(mac: string, signal = new AbortController().signal) {
    let now: Link = link({ index: 9, name: 'eth0', mac });
    const listeners = new Set<(link: Link) => void>();
    const settled = awaitUdevSettled(9, MAC, {
      known,
      root,
      signal,
      readLink: async index => (index === now.index ? now : undefined),
      subscribe: listener => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    });
    let isSettled = false;
    void settled.then(() => {
      isSettled = true;
    });
    return {
      settled,
      isSettled: () => isSettled,
      listeners,
      tell(next: string) {
        now = { ...now, mac: next };
        for (const listener of listeners) listener(now);
      },
    };
  }

  it('is over at once where udev knows nothing of the uplink, or another link has that number there', async () => {
    expect(await wait(MAC).settled).toBe(false);
    await record(7, 'E:ID_NET_NAME=veth3\n');
    expect(await wait(MAC).settled).toBe(false);
  });

  it('is over at once where udev has handled the new link already', async () => {
    await record(7, 'E:ID_NET_NAME=eth0\n');
    await record(9, 'E:ID_NET_NAME=eth0\n');
    expect(await wait(MAC).settled).toBe(true);
  });

  it('ends when udev writes the link down, and not with another', async () => {
    await record(7, 'E:ID_NET_NAME=eth0\n');
    const waiting = wait(MAC);
    await record(8, 'E:ID_NET_NAME=br-ext\n');
    expect(waiting.isSettled()).toBe(false);
    await record(9, 'E:ID_NET_NAME=eth0\n');
    expect(await waiting.settled).toBe(true);
  });

  it('goes on until the link has its MAC again', async () => {
    await record(7, 'E:ID_NET_NAME=eth0\n');
    await record(9, 'E:ID_NET_NAME=eth0\n');
    const waiting = wait('f2:21:ae:55:6c:d0');
    await until(() => waiting.listeners.size === 1);
    waiting.tell('f2:21:ae:55:6c:d1');
    expect(waiting.isSettled()).toBe(false);
    waiting.tell(MAC);
    expect(await waiting.settled).toBe(true);
    expect(waiting.listeners.size).toBe(0);
  });

  it('is given up with the signal, and leaves nothing behind', async () => {
    await record(7, 'E:ID_NET_NAME=eth0\n');
    const stop = new AbortController();
    const late = wait(MAC, stop.signal);
    const wrong = wait('f2:21:ae:55:6c:d0', AbortSignal.abort());
    stop.abort();
    expect(await Promise.all([late.settled, wrong.settled])).toEqual([false, false]);
    expect(late.listeners.size + wrong.listeners.size).toBe(0);
  });
});

/** Resolves in the turn of the event loop in which it holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}
