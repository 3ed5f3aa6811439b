import { readFileSync } from 'node:fs';

let version: string | undefined;

/** Version of this package; `unknown` where its package.json is not to be found (a bundle). */
export function programVersion(): string {
  version ??= read();
  return version;
}

/** Three folders up from the sources, four from the build. */
function read(): string {
  for (const path of ['../../../package.json', '../../../../package.json']) {
    try {
      const found = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (found.name === 'ovs-uplink') return String(found.version);
    } catch {
      // Not here; the other place has it.
    }
  }
  return 'unknown';
}
