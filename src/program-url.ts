import { existsSync } from 'node:fs';

/** Where a program of ours is that runs in a thread or process of its own: as TypeScript in a checkout, as JavaScript in the package. */
export function programUrl(source: URL): URL {
  return existsSync(source) ? source : new URL(source.href.replace(/\.ts$/, '.js'));
}
