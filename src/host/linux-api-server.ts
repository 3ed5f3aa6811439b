import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiServer } from '../domain/api-server.ts';
import { readServer } from '../domain/api-server.ts';
import { formatIp, parseIp } from '../domain/prefix.ts';
import { isUplinkError, uplinkError } from '../errors.ts';

/** Where the API server is named; `apiServer` goes before `kubeconfig`. */
export interface ApiServerSources {
  readonly apiServer?: { readonly host: string; readonly port: number };
  readonly kubeconfig?: string;
  /** Where /etc is; for tests. Default `/`. */
  readonly root?: string;
}

/**
 * The API server with the addresses that are known without asking a name server: itself, or what /etc/hosts says of its name; undefined where none is
 * named. Rejects with `USAGE` for a kubeconfig that cannot be read.
 */
export async function findApiServer({ apiServer, kubeconfig, root }: ApiServerSources): Promise<ApiServer | undefined> {
  if (apiServer === undefined && kubeconfig === undefined) return undefined;
  const { host, port } = apiServer ?? (await readKubeconfig(kubeconfig ?? ''));
  const from = apiServer === undefined ? `the kubeconfig ${kubeconfig}` : '--api-server';
  return { host, port, addresses: await addressesOf(host, root ?? '/'), from };
}

async function addressesOf(host: string, root: string): Promise<readonly string[]> {
  const own = parseIp(host);
  if (own !== undefined) return [formatIp(own)];
  const text = await readBounded(join(root, 'etc/hosts'), MAX_HOSTS_BYTES).catch(() => '');
  return parseHosts(text, host);
}

/** Lists against advertisements have some MiB. */
const MAX_HOSTS_BYTES = 16 << 20;

/** More names for one host than a person writes down. */
const MAX_ADDRESSES = 16;

/** Addresses that hosts(5) has for a name, in canonical form; those of other names and what is no address are passed over. */
export function parseHosts(text: string, host: string): readonly string[] {
  const wanted = host.toLowerCase().replace(/\.$/, '');
  const found = new Set<string>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*$/, '').trim().split(/\s+/);
    const bytes = parseIp(address ?? '');
    if (bytes === undefined || !names.some(name => name.toLowerCase() === wanted)) continue;
    found.add(formatIp(bytes));
    if (found.size === MAX_ADDRESSES) break;
  }
  return [...found];
}

/** The largest kubeconfig: those with many clusters and their certificates have some 100 KiB. */
export const MAX_KUBECONFIG_BYTES = 1 << 20;

/** An alias in a kubeconfig is unusual, a bomb of them is none. */
const MAX_ALIASES = 16;

/**
 * The server of a kubeconfig's current context, or the proxy by which that is reached. What the file holds beside (keys, tokens) goes nowhere, not
 * into an error either. Rejects with `USAGE`.
 */
export async function readKubeconfig(path: string): Promise<{ readonly host: string; readonly port: number }> {
  const config = await parseYaml(path, await readBounded(path, MAX_KUBECONFIG_BYTES));
  const current = textOf(config, 'current-context');
  const clusters = namedOf(config, 'clusters');
  const clusterName =
    current === undefined ? undefined : textOf(namedOf(config, 'contexts').get(current)?.['context'], 'cluster');
  // A kubelet's has often one cluster and no context that is current.
  const only = current === undefined && clusters.size === 1 ? [...clusters.keys()][0] : undefined;
  const name = clusterName ?? only;
  if (name === undefined) {
    throw broken(path, 'kubeconfig without a current context', {
      expected: current === undefined ? 'current-context' : `the context ${quote(current)} with its cluster`,
      advice: 'name the API server with --api-server',
    });
  }
  const cluster = clusters.get(name)?.['cluster'];
  const text = textOf(cluster, 'proxy-url') ?? textOf(cluster, 'server');
  if (text === undefined)
    throw broken(path, 'kubeconfig without a server', { expected: `server of the cluster ${quote(name)}` });
  const proxied = text.replace(/^socks5(?=:\/\/)/i, 'http').replace(/\/\/[^/@]*@/, '//');
  const read = readServer(proxied.includes('://') ? proxied : `https://${proxied}`);
  if ('host' in read) return read;
  throw broken(path, `kubeconfig: ${read.problem}`, { expected: read.expected });
}

async function parseYaml(path: string, text: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const options = {
    schema: 'core',
    resolveKnownTags: false,
    merge: false,
    logLevel: 'error',
    prettyErrors: false,
  } as const;
  try {
    const document = parseDocument(text, { ...options, lineCounter: lines });
    const problem = document.errors[0];
    if (problem === undefined) return document.toJS({ maxAliasCount: MAX_ALIASES });
    const { line, col } = lines.linePos(problem.pos[0]);
    throw broken(`${path}:${line}:${col}`, 'kubeconfig is no YAML', { expected: 'one YAML document' });
  } catch (error) {
    // Aliases, or more levels than the parser can take; the text of the error may quote the file.
    if (isUplinkError(error)) throw error;
    throw broken(path, 'kubeconfig is no YAML', { expected: 'plain values' });
  }
}

async function readBounded(path: string, maxBytes: number): Promise<string> {
  try {
    // O_NONBLOCK: opening a FIFO without it waits for a writer.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      if (!(await file.stat()).isFile()) throw broken(path, 'cannot read kubeconfig', { expected: 'a regular file' });
      const decoder = new TextDecoder('utf-8', { fatal: true });
      const chunk = new Uint8Array(64 * 1024);
      let text = '';
      // Not by what stat says: the file may grow while it is read, and some say 0.
      for (let length = 0; length <= maxBytes; ) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length);
        if (bytesRead === 0) return text + decoder.decode();
        text += decoder.decode(chunk.subarray(0, bytesRead), { stream: true });
        length += bytesRead;
      }
      throw broken(path, 'kubeconfig too large', { expected: `at most ${maxBytes} bytes` });
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isUplinkError(error)) throw error;
    const got = error instanceof Error && 'errno' in error ? error.message : 'other bytes';
    throw broken(path, 'cannot read kubeconfig', { expected: 'a file of text', got });
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown, key: string): string | undefined {
  const text = isMapping(value) ? value[key] : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** The entries of a list of `{ name, … }`; the first of a name, as kubectl takes them. */
function namedOf(config: unknown, key: string): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const list = isMapping(config) ? config[key] : undefined;
  const found = new Map<string, Readonly<Record<string, unknown>>>();
  for (const entry of Array.isArray(list) ? list : []) {
    const name = textOf(entry, 'name');
    if (isMapping(entry) && name !== undefined && !found.has(name)) found.set(name, entry);
  }
  return found;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function broken(
  object: string,
  what: string,
  details: { readonly expected: string; readonly got?: string; readonly advice?: string },
): Error {
  return uplinkError('USAGE', { what, object, ...details });
}
