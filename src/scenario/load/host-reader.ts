import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod';
import { isUplinkError, toFailure } from '../../errors.ts';
import { meantBy, show } from '../../host/simulated/description/describe-issue.ts';
import type { HostDescription } from '../../host/simulated/description/host-description.ts';
import { buildHost, loadHost } from '../../host/simulated/description/load-host.ts';
import { readYaml, type YamlSource } from '../../host/simulated/description/yaml-source.ts';
import { readShippedHosts } from '../../verify/explore/shipped-hosts.ts';
import { readScenarioText } from './read-scenario-text.ts';

/** Reads what stands under `host`: a name in fixtures/hosts, `{include: path}`, or a description. */
export interface HostReader {
  /** Rejects with `USAGE` that begins with `file:line:column`: of the file where the mistake is. */
  read(source: YamlSource): Promise<HostDescription>;
}

const includeSchema = z.strictObject({ include: z.string('a path').min(1, 'a path') }, 'include: a path');

/** An include, and the file whose folder its path begins in. */
interface Include {
  readonly source: YamlSource;
  readonly path: string;
  readonly from: string;
}

/** Makes one that reads each description once. */
export function createHostReader(): HostReader {
  const shipped = new Map<string, HostDescription>();
  const included = new Map<string, HostDescription>();
  let texts: Promise<ReadonlyMap<string, { readonly file: string; readonly text: string }>> | undefined;

  const readShipped = async (name: string, source: YamlSource): Promise<HostDescription> => {
    const known = shipped.get(name);
    if (known !== undefined) return known;
    texts ??= readShippedHosts().then(all => new Map(all.map(one => [basename(one.file, '.yaml'), one])));
    const found = (await texts).get(name);
    if (found === undefined) {
      throw source.errorAt([], 'unknown host', meantBy(name, [...(await texts).keys()], 'a name in fixtures/hosts'));
    }
    const host = loadHost(found.text, found.file);
    shipped.set(name, host);
    return host;
  };

  const readIncluded = async (include: Include, seen: readonly string[]): Promise<HostDescription> => {
    const path = await pathOf(include);
    const known = included.get(path);
    if (known !== undefined) return known;
    if (seen.includes(path)) {
      const got = [...seen.slice(seen.indexOf(path)), path].map(one => basename(one)).join(' → ');
      throw include.source.errorAt(['include'], 'the file includes itself', { expected: 'a description', got });
    }
    const source = readYaml(await readText(include, path), path);
    const next = includeOf(source, path);
    const host = next === undefined ? buildHost(source) : await readIncluded(next, [...seen, path]);
    included.set(path, host);
    return host;
  };

  return {
    async read(source) {
      if (typeof source.data === 'string') return await readShipped(source.data, source);
      const from = source.placeOf([]).file;
      const include = includeOf(source, from);
      return include === undefined ? buildHost(source) : await readIncluded(include, []);
    },
  };
}

/** A mapping with `include` is nothing else. */
function includeOf(source: YamlSource, from: string): Include | undefined {
  const { data } = source;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    const expected = 'a name in fixtures/hosts, include: a path, or a description';
    throw source.errorAt([], 'not a host', { expected, got: show(data) });
  }
  if (!('include' in data)) return undefined;
  const parsed = includeSchema.safeParse(data);
  if (!parsed.success) throw source.firstOf(parsed.error.issues, includeSchema);
  return { source, path: parsed.data.include, from };
}

/** Where symbolic links lead, so that a file is the same by every way to it. */
async function pathOf({ source, path, from }: Include): Promise<string> {
  if (isAbsolute(path) || !/\.ya?ml$/.test(path)) {
    const expected = 'a path to a .yaml file, relative to this one';
    throw source.errorAt(['include'], 'not an include', { expected, got: path });
  }
  const folder = dirname(resolve(from));
  try {
    const full = await realpath(join(folder, path));
    // Named as the user would name it, where that is possible.
    return full === join(folder, path) ? join(dirname(from), path) : full;
  } catch {
    throw source.errorAt(['include'], 'the included file is not there', { expected: 'a file', got: path });
  }
}

async function readText({ source, path }: Include, full: string): Promise<string> {
  try {
    return await readScenarioText(full);
  } catch (error) {
    if (!isUplinkError(error) || !error.details.what.includes(': cannot read')) throw error;
    const { expected, got } = toFailure(error);
    const details = { expected: expected ?? 'a file', got: got === undefined ? path : `${path}: ${got}` };
    throw source.errorAt(['include'], 'cannot read the included file', details);
  }
}
