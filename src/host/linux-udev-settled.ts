import { watch } from 'node:fs';
import { join } from 'node:path';
import type { Link } from '../domain/link.ts';
import { udevPropertiesOf } from '../domain/udev/udev-facts.ts';
import { readUdevRecord, UDEV_DATABASE } from './linux-naming.ts';

/** What {@link awaitUdevSettled} needs of the host. */
export interface UdevSettledOptions {
  /** A link by which it is seen that udev handles the links of this very namespace. */
  readonly known: Pick<Link, 'index' | 'name' | 'altnames' | 'mac' | 'permanentMac'>;
  readonly readLink: (index: number) => Promise<Link | undefined>;
  readonly subscribe: (listener: (link: Link) => void) => () => void;
  /** Ends the wait, too: by the caller's clock. */
  readonly signal: AbortSignal;
  /** Where /run is; for tests. Default `/`. */
  readonly root?: string;
}

/**
 * Resolves to true when udev has handled the link that just appeared and the link has that MAC: from then on nobody but Open vSwitch sets it
 * (F-16). A udev that is late sets one of its own, and ovs-vswitchd takes a tap down to set the planned one again, with which the kernel drops all its
 * IPv6 addresses. Resolves to false, at once, where no udev handles links of this namespace, and when the signal ends the wait; never rejects.
 */
export async function awaitUdevSettled(linkIndex: number, mac: string, options: UdevSettledOptions): Promise<boolean> {
  const { known, signal, root = '/' } = options;
  const properties = await readUdevRecord(root, known.index);
  if (udevPropertiesOf({ properties, version: null, isRunning: true }, known) === null) return false;
  return (await awaitRecord(root, linkIndex, signal)) && (await awaitMac(linkIndex, mac, options));
}

/** udev writes the record of a link when it is done with its event: systemd's device_update_db(). */
function awaitRecord(root: string, linkIndex: number, signal: AbortSignal): Promise<boolean> {
  return awaitSign(signal, async (recheck, onEnd) => {
    try {
      // Before the first look: nothing is missed in between.
      const watcher = watch(join(root, UDEV_DATABASE), { persistent: false }, recheck);
      watcher.on('error', () => onEnd(false));
      return { isThere: async () => (await readUdevRecord(root, linkIndex)) !== null, close: () => watcher.close() };
    } catch {
      return undefined;
    }
  });
}

function awaitMac(
  linkIndex: number,
  mac: string,
  { readLink, subscribe, signal }: UdevSettledOptions,
): Promise<boolean> {
  return awaitSign(signal, async recheck => {
    const unsubscribe = subscribe(link => {
      if (link.index === linkIndex) recheck();
    });
    return { isThere: async () => (await readLink(linkIndex))?.mac === mac, close: unsubscribe };
  });
}

interface Sign {
  readonly isThere: () => Promise<boolean>;
  readonly close: () => void;
}

/** Looks at once, and again each time that `recheck` is called, until it is there or the signal ends it. */
function awaitSign(
  signal: AbortSignal,
  open: (recheck: () => void, onEnd: (found: boolean) => void) => Promise<Sign | undefined>,
): Promise<boolean> {
  return new Promise(resolve => {
    let sign: Sign | undefined;
    let isEnded = false;
    const end = (found: boolean): void => {
      if (isEnded) return;
      isEnded = true;
      signal.removeEventListener('abort', onAbort);
      sign?.close();
      resolve(found);
    };
    const onAbort = (): void => end(false);
    const recheck = (): void => {
      void sign?.isThere().then(
        found => found && end(true),
        () => end(false),
      );
    };
    if (signal.aborted) return end(false);
    signal.addEventListener('abort', onAbort, { once: true });
    void open(recheck, end).then(
      opened => {
        if (opened === undefined) return end(false);
        sign = opened;
        if (isEnded) opened.close();
        else recheck();
      },
      () => end(false),
    );
  });
}
