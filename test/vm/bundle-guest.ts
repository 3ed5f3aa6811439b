import { chmodSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';

/** What runs as a process in the guest, by the name of its file. */
const PROGRAMS = {
  main: './guest/main.ts',
  mortal: '../live/killing/mortal.ts',
  'probe-process': '../lab/probe-process.ts',
  'netns-thread-worker': '../../src/netlink/netns-thread-worker.ts',
  'dying-move': '../live/moving/dying-move.ts',
  'ovs-uplink-cli': '../../src/cli/main.ts',
};
const COMMAND_LINE = 'bin/ovs-uplink';
/** Native code: it cannot be part of a bundle. */
const NATIVE = 'koffi';

/**
 * Bundles the programs of the guest into `folder` and returns the path of the main one. Under emulation node needs 10 s and more to strip
 * the types of hundreds of files; of a bundle it starts in 2. Folders of the machine have the same paths in the guest.
 */
export async function bundleGuest(folder: string): Promise<string> {
  const input = Object.fromEntries(Object.entries(PROGRAMS).map(([name, path]) => [name, pathOf(path)]));
  await using bundle = await rolldown({ input, platform: 'node', plugins: [keepPlaces], logLevel: 'silent' });
  await bundle.write({ dir: folder, format: 'esm' });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const cli = join(folder, basename(COMMAND_LINE));
  writeFileSync(cli, `#!/bin/sh\nexec ${process.execPath} ${join(folder, 'ovs-uplink-cli.js')} "$@"\n`);
  chmodSync(cli, 0o755);
  return join(folder, 'main.js');
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Modules that look for a file beside themselves find it where it was, but for the programs, which are found in the bundle. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  resolveId(id) {
    return id === NATIVE ? { id: fileURLToPath(import.meta.resolve(NATIVE)), external: true } : undefined;
  },
  transform(code, id) {
    if (!code.includes('import.meta.url')) return undefined;
    return code
      .replaceAll(/new URL\('([^']+)', import\.meta\.url\)/g, (whole, path: string) => {
        const name = basename(path, '.ts');
        if (path.endsWith(COMMAND_LINE)) return beside(basename(COMMAND_LINE));
        return path.endsWith('.ts') && name in PROGRAMS ? beside(`${name}.js`) : whole;
      })
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
      .replaceAll(BUNDLE_URL, 'import.meta.url');
  },
};

const BUNDLE_URL = 'import.meta.bundleUrl';

function beside(file: string): string {
  return `new URL('./${file}', ${BUNDLE_URL})`;
}
