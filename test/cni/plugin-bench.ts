import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exec } from '../../src/cni/ipam/exec-plugin.ts';
import { runPlugin } from '../../src/cni/run-plugin.ts';
import type { Link } from '../../src/domain/link.ts';
import { link } from '../domain/precheck/hosts.ts';
import { MemoryMover } from './memory-mover.ts';

/**
 * Namespaces of other kinds than the network's: files of the right sort that everybody has, and none of them is the plugin's own network
 * namespace. What is in them the mover in memory says.
 */
export const NETNS = '/proc/self/ns/uts';
export const OTHER_NETNS = '/proc/self/ns/ipc';

export const ETH1: Link = link({
  index: 3,
  name: 'eth1',
  altnames: ['enp0s5'],
  mac: '52:54:00:00:00:01',
  permanentMac: '52:54:00:00:00:01',
  parentDevice: '0000:00:05.0',
});

/** What a run of the plugin has left. */
export interface Ran {
  readonly exitCode: number;
  /** stdout as text, and as JSON where it is not empty. */
  readonly text: string;
  readonly json: unknown;
  readonly stderr: string;
}

/** A folder with IPAM plugins, a mover, and the plugin run with both. */
export interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly mover: MemoryMover;
  readonly env: Record<string, string | undefined>;
  exec?: Exec;
  /** Runs a command for container c1, net1 unless `env` says otherwise. A config that is a text or bytes is passed as it is. */
  run(command: string, config: unknown, env?: Readonly<Record<string, string | undefined>>): Promise<Ran>;
  /** Makes an IPAM plugin called `name`: a shell script that first writes down how it was called. */
  install(name: string, script: string): Promise<void>;
  /** Commands that IPAM plugins were called with, and the environment and stdin of the last one. */
  calls(): Promise<string>;
  read(name: 'environment' | 'input'): Promise<string>;
}

export async function createBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'ovsu-cni-'));
  const mover = new MemoryMover([link(), ETH1], [NETNS, OTHER_NETNS]);
  const env: Bench['env'] = {
    CNI_CONTAINERID: 'c1',
    CNI_NETNS: NETNS,
    CNI_IFNAME: 'net1',
    CNI_PATH: `${join(folder, 'not-there')}:${folder}`,
    PATH: process.env['PATH'],
  };
  const bench: Bench = {
    folder,
    mover,
    env,
    async run(command, config, more = {}) {
      const bytes = config instanceof Uint8Array ? config : Buffer.from(textOf(config));
      let [text, stderr] = ['', ''];
      const exitCode = await runPlugin({
        env: { ...env, CNI_COMMAND: command, ...more },
        stdin: (async function* () {
          yield bytes;
        })(),
        stdout: { write: chunk => (text += chunk) },
        stderr: { write: chunk => (stderr += chunk) },
        openMover: mover.open,
        root: folder,
        ...(bench.exec === undefined ? {} : { exec: bench.exec }),
      });
      return { exitCode, text, stderr, json: text === '' ? undefined : JSON.parse(text) };
    },
    async install(name, script) {
      const path = join(folder, name);
      const head = [
        '#!/bin/sh',
        `echo "$CNI_COMMAND" >>'${folder}/calls'`,
        `env >'${folder}/environment'`,
        `cat >'${folder}/input'`,
      ];
      await writeFile(path, `${[...head, script].join('\n')}\n`);
      await chmod(path, 0o755);
    },
    calls: async () => (await readFile(join(folder, 'calls'), 'utf8').catch(() => '')).trim().split('\n').join(' '),
    read: name => readFile(join(folder, name), 'utf8'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  return bench;
}

function textOf(config: unknown): string {
  return typeof config === 'string' ? config : JSON.stringify(config);
}

/** A configuration for eth1. */
export function netConf(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { cniVersion: '1.1.0', name: 'lan', type: 'ovs-uplink-host-device', device: 'eth1', ...more };
}

/** The script of an IPAM plugin that answers ADD with this, and has nothing to say to the rest. */
export function answering(result: unknown): string {
  return `if [ "$CNI_COMMAND" = ADD ]; then cat <<'END'\n${JSON.stringify(result)}\nEND\nfi`;
}

export const IPAM_RESULT = {
  cniVersion: '1.1.0',
  ips: [{ address: '10.1.0.5/16', gateway: '10.1.0.1' }],
  routes: [{ dst: '0.0.0.0/0' }],
  dns: { nameservers: ['10.1.0.1'] },
};
