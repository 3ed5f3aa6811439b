import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { uplinkError } from '../../errors.ts';

/** From the sources, and from the build. */
const PLACES = ['../../../fixtures/hosts/', '../../../../fixtures/hosts/'];

/** The host descriptions that come with ovs-uplink, by file name. */
export async function readShippedHosts(): Promise<readonly { readonly file: string; readonly text: string }[]> {
  const folder = PLACES.map(place => new URL(place, import.meta.url)).find(url => existsSync(url));
  if (folder === undefined) {
    throw uplinkError('USAGE', {
      what: 'the host descriptions are not there',
      object: 'fixtures/hosts',
      advice: 'install ovs-uplink again',
    });
  }
  const names = (await readdir(folder)).filter(name => name.endsWith('.yaml')).sort();
  return await Promise.all(
    names.map(async file => ({ file: `fixtures/hosts/${file}`, text: await readFile(new URL(file, folder), 'utf8') })),
  );
}
