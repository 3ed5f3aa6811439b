import { execFileSync } from 'node:child_process';
import type { Host, Netns } from '../../../src/host/host.ts';

/** A command line. */
export type Command = readonly [string, ...string[]];

/** The same host, but that somebody else runs commands right before its first `link.move`: what was seen when it was judged is then not true any more. */
export function spoil(host: Host, commands: readonly Command[]): Host {
  let isSpoiled = false;
  const spoiled = <T extends Pick<Host, 'apply'>>(place: T): T => ({
    ...place,
    apply(effects, signal) {
      if (!isSpoiled && effects.some(({ op }) => op === 'link.move')) {
        isSpoiled = true;
        for (const [file, ...args] of commands) execFileSync(file, args, { stdio: 'inherit' });
      }
      return place.apply(effects, signal);
    },
  });
  return { ...spoiled(host), openNetns: async path => spoiled<Netns>(await host.openNetns(path)) };
}

/** What may come in the way of a link in the target, all of which the kernel answers with EEXIST: its name there, its own name, its altname. */
export function conflictsIn(
  netns: string,
  names: { own: string; there: string; altname: string },
): Readonly<Record<string, Command>> {
  const inTarget = (...args: string[]): Command => ['ip', '-n', netns, 'link', ...args];
  const onLoopback = (altname: string): Command => inTarget('property', 'add', 'dev', 'lo', 'altname', altname);
  return {
    'its new name is taken there': inTarget('add', names.there, 'type', 'bridge'),
    'its new name is an altname there': onLoopback(names.there),
    'its altname is taken there': onLoopback(names.altname),
    'both names are taken there': inTarget('add', names.there, 'type', 'veth', 'peer', 'name', names.own),
  };
}

/** Takes away what {@link conflictsIn} has put there. */
export function clearingIn(netns: string, names: { own: string; there: string; altname: string }): readonly Command[] {
  return [
    ...[names.there, names.own].map((name): Command => ['ip', '-n', netns, 'link', 'del', name]),
    ...[names.there, names.altname].map(
      (name): Command => ['ip', '-n', netns, 'link', 'property', 'del', 'dev', 'lo', 'altname', name],
    ),
  ];
}
