import { readFile } from 'node:fs/promises';
import { uplinkError } from '../errors.ts';

/** Beside the built program; `npm run build` writes it. */
const BUILT = new URL('../../viewer.html', import.meta.url);
const BUILDER = new URL('../../scripts/build-viewer.ts', import.meta.url);

let page: Promise<string> | undefined;

/** The viewer as one page: as it was built with the package, in a checkout made from its sources. Rejects with `UNSUPPORTED` where neither is there. */
export function viewerPage(): Promise<string> {
  page ??= read();
  return page;
}

async function read(): Promise<string> {
  try {
    // A checkout may hold the page of an older build.
    if (import.meta.url.endsWith('.js')) return await readFile(BUILT, 'utf8');
    const { buildViewer } = (await import(BUILDER.href)) as { buildViewer(): Promise<string> };
    return await buildViewer();
  } catch (error) {
    throw uplinkError(
      'UNSUPPORTED',
      {
        what: 'the viewer cannot be made',
        object: BUILT.pathname,
        got: (error as Error).message,
        advice: 'in a checkout: `npm ci`, with the packages for development',
      },
      error,
    );
  }
}
