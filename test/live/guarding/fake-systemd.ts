import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';

/** A stand-in for the manager: there is none in a lab. It takes the words of systemd-run(1) down and starts the unit's command. */
export interface FakeSystemd {
  /** For `ActingOptions.within`: a host that systemd has booted, with these commands first in PATH. */
  readonly within: string;
  /** Where the argument vectors are, one word a line. */
  readonly words: string;
}

/** Writes the commands. */
export async function createFakeSystemd(lab: Lab): Promise<FakeSystemd> {
  const bin = join(lab.dir, 'fake-systemd');
  const words = join(lab.dir, 'systemd-run.words');
  await mkdir(bin);
  const run = `#!/bin/sh
printf '%s\\n' "$@" >${words}
while [ "$1" != -- ]; do shift; done
shift
cd / && umask 077 && setsid env -i PATH="$PATH" HOME="$HOME" "$@" </dev/null >/dev/null 2>&1 &
`;
  await writeFile(join(bin, 'systemd-run'), run);
  await chmod(join(bin, 'systemd-run'), 0o755);
  return { within: `mount -t tmpfs none /run; mkdir -p /run/systemd/system; PATH=${bin}:$PATH; exec "$@"`, words };
}
