import { resolve } from 'node:path';
import type { LinuxHostOptions } from '../host/linux-host.ts';
import type { EngineOptions } from './engine.ts';

/** Where OVSDB is unless told otherwise. */
export const DEFAULT_OVSDB = 'unix:/var/run/openvswitch/db.sock';
/** Where journals are unless told otherwise. */
export const DEFAULT_STATE_DIR = '/var/lib/ovs-uplink';

/** How the engine's own host is reached. */
export function hostOptions({ ovsdb, unixctl, tls }: EngineOptions): LinuxHostOptions {
  return {
    ovsdb: ovsdb ?? DEFAULT_OVSDB,
    ...(unixctl === undefined ? {} : { unixctl }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** The same as arguments of our command line, for a process that works in another folder. */
export function hostArguments(options: EngineOptions): readonly string[] {
  const { ovsdb, unixctl, tls } = hostOptions(options);
  const remotes = ovsdb.split(',').map(remote => {
    const path = /^\s*unix:(.*)$/.exec(remote)?.[1];
    return path === undefined ? remote : `unix:${resolve(path)}`;
  });
  return [
    ...['--ovsdb', remotes.join(',')],
    ...(unixctl === undefined ? [] : ['--unixctl', resolve(unixctl)]),
    ...(tls === undefined
      ? []
      : ['--private-key', resolve(tls.key), '--certificate', resolve(tls.cert), '--ca-cert', resolve(tls.ca)]),
  ];
}
