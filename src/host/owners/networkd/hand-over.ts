import type { LinkRef, OwnerRequest } from '../../../domain/effect.ts';
import { uplinkError } from '../../../errors.ts';
import { readSmallFile } from '../../read-small-file.ts';
import type { SystemBus } from '../bus/system-bus.ts';
import type { ClientIdentity } from './client-identity.ts';
import { notedIdentity, noteIdentity, readClientIdentity } from './client-identity.ts';
import { HELD, isHeld, LET_GO, readHandOverStage } from './hand-over-stage.ts';
import {
  carriedNetwork,
  KEEP_CONFIGURATION,
  keepsConfiguration,
  UNMANAGED,
  unmanagedLinks,
  unmanagedOvsLinks,
} from './host-port-network.ts';
import { dropInPath, markedPaths, readMarked, removeMarked, writeMarked } from './marked-files.ts';
import type { NetworkdMeans } from './means.ts';
import { under } from './means.ts';
import { reload, settle, type WantedState } from './network1.ts';
import { findNetworkd } from './presence.ts';
import { readNetworkd } from './read-networkd.ts';

const DEFAULT_LIMIT_MS = 5000;
/** `unknown`: it has vanished. */
const RETURNED = [...HELD, 'failed', 'unknown'];
/** For what is not worth a failure: that a link is configured to the end, which a DHCP server may put off for long. */
const SETTLE_LIMIT_MS = 1000;

/** True while networkd holds the uplink. Bounded; never rejects. */
export async function ownsNow(uplink: LinkRef, means: NetworkdMeans, signal?: AbortSignal): Promise<boolean> {
  const { state, uplink: link } = await readNetworkd(uplink, means, signal);
  return state !== 'absent' && isHeld(link?.setupState);
}

/**
 * Keeps networkd from configuring the host port, which has the uplink's name or MAC, as soon as it appears. The uplink stays with networkd: to let it
 * go while its addresses are there would take them away, and release a DHCP lease. Idempotent; without effect where networkd has not
 * configured the uplink, and to be called before the uplink is renamed. Rejects with `OWNER_UNREACHABLE`, `OWNER_REFUSED`, `UNSUPPORTED`, `ABORTED`.
 */
export async function shieldFromNetworkd(
  request: OwnerRequest,
  means: NetworkdMeans,
  signal?: AbortSignal,
): Promise<void> {
  const { link, hostPort, network } = request;
  if (network === null) return;
  const paths = markedPaths(link.index);
  const bus = await reach(means, signal);
  const present = await readMarked(paths.hostPort, means);
  // A host port that networkd has been given already must not lose its addresses.
  if (present !== undefined && !present.includes(UNMANAGED)) return;
  const identity = await readClientIdentity(link.index, network.text, means);
  if (hostPort !== null)
    await writeMarked(paths.hostPort, noteIdentity(identity) + unmanagedOvsLinks([hostPort]), means);
  await shieldBridge(request, means);
  // A file that names the uplink does not match it any more once it is renamed, which networkd sees with its next look at the files.
  if (bus !== undefined && link.name === request.originalName) await reload([], bus, limitOf(means), signal);
}

/**
 * Has networkd go on with the host port instead of the uplink, when addresses and routes have moved: nothing that it would remove is left on the
 * uplink, and the release of a lease finds no way out. Its DHCP client begins anew on the host port, with the same identity, and asks for the
 * address that is there. Idempotent. Rejects as {@link shieldFromNetworkd}.
 */
export async function releaseFromNetworkd(
  request: OwnerRequest,
  means: NetworkdMeans,
  signal?: AbortSignal,
): Promise<void> {
  const { link, originalName, hostPort, network } = request;
  if (network === null) return;
  const paths = markedPaths(link.index);
  const bus = await reach(means, signal);
  const wanted: WantedState[] = [];
  await shieldBridge(request, means);
  if (hostPort !== null) {
    const identity = await identify(request, network.text, means);
    await writeMarked(paths.hostPort, noteIdentity(identity) + carriedNetwork(hostPort, network.text, identity), means);
    wanted.push({ index: null, name: hostPort, states: HELD });
    // First this alone: if networkd does not take the host port, it must keep the uplink, as far as its file still matches it. And a policy rule for
    // which no link asks is removed, if only for a moment.
    if (bus !== undefined) await reloadAndSettle(wanted, bus, means, signal);
  }
  await writeMarked(paths.uplink, unmanagedLinks([link.name, originalName]), means);
  wanted.push({ index: link.index, name: link.name, states: LET_GO });
  if (bus !== undefined) await reload(wanted, bus, limitOf(means), signal);
}

/**
 * Gives the uplink back to networkd, under its original name and when its addresses and routes are on it again; the host port is gone. A drop-in
 * `KeepConfiguration=yes` stays until the next boot: without it networkd would first remove everything that it finds there, and it would again
 * when the drop-in were taken away. Also after {@link shieldFromNetworkd} alone. Idempotent. Rejects with `OWNER_UNREACHABLE`,
 * `OWNER_REFUSED`, `ABORTED`.
 */
export async function returnToNetworkd(
  request: OwnerRequest,
  means: NetworkdMeans,
  signal?: AbortSignal,
): Promise<void> {
  const { link, hostPort, network } = request;
  if (network === null || (await readHandOverStage(link.index, false, means)) === 'no') return;
  const bus = await reach(means, signal);
  const paths = markedPaths(link.index);
  // For a link that it still holds, a new drop-in would mean to configure it anew, and to begin by removing.
  if (!keepsConfiguration(network.text) && !(await ownsNow(link, means, signal))) {
    await writeMarked(dropInPath(network.file), KEEP_CONFIGURATION, means);
  }
  // One file stays until networkd has taken the uplink: it tells that this is not done yet.
  if (hostPort !== null) await writeMarked(paths.hostPort, unmanagedOvsLinks([hostPort]), means);
  await removeMarked(paths.uplink, means);
  // Without its file it stays as it is, and that is not for us to change.
  const isWanted = (await readSmallFile(under(means, network.file))) !== undefined;
  const wanted = isWanted ? [{ index: link.index, name: link.name, states: RETURNED }] : [];
  if (bus !== undefined) await reloadAndSettle(wanted, bus, means, signal);
  await removeMarked(paths.bridge, means);
  await removeMarked(paths.hostPort, means);
  if (bus !== undefined) await reload(wanted, bus, limitOf(means), signal);
}

/** Rules and routes come after the SetupState `configuring`. */
async function reloadAndSettle(
  wanted: readonly WantedState[],
  bus: SystemBus,
  means: NetworkdMeans,
  signal?: AbortSignal,
): Promise<void> {
  await reload(wanted, bus, limitOf(means), signal);
  const ready = wanted.map(one => ({ ...one, states: ['configured'] }));
  await settle(ready, bus, Math.min(SETTLE_LIMIT_MS, limitOf(means)), signal);
}

async function shieldBridge({ link, hostPort, bridge }: OwnerRequest, means: NetworkdMeans): Promise<void> {
  if (bridge !== hostPort) await writeMarked(markedPaths(link.index).bridge, unmanagedOvsLinks([bridge]), means);
}

/** As noted before the cutover; networkd's own files forget it as soon as it has let the uplink go. */
async function identify({ link }: OwnerRequest, text: string, means: NetworkdMeans): Promise<ClientIdentity> {
  const noted = notedIdentity((await readMarked(markedPaths(link.index).hostPort, means)) ?? '');
  return noted ?? readClientIdentity(link.index, text, means);
}

/** The bus; undefined where networkd does not run, and files alone will do. */
async function reach(means: NetworkdMeans, signal?: AbortSignal): Promise<SystemBus | undefined> {
  const state = await findNetworkd(means, signal);
  signal?.throwIfAborted();
  if (state === 'absent') return undefined;
  if (state === 'running' && means.bus !== undefined) return means.bus;
  throw uplinkError('OWNER_UNREACHABLE', {
    what: 'systemd-networkd runs but cannot be told anything',
    expected: 'org.freedesktop.network1 on the system bus',
    advice: 'start the system bus, or stop systemd-networkd',
  });
}

function limitOf({ limitMs }: NetworkdMeans): number {
  return limitMs ?? DEFAULT_LIMIT_MS;
}
