import { closeSync } from 'node:fs';
import { type DumpCollector, Dumper, dumpRequest } from './dump.ts';
import { requestOrThrow } from './exchange.ts';
import { genlFamilies } from './genetlink.ts';
import { NETLINK_GENERIC, openNetlinkSocket } from './netlink-socket.ts';
import { openNetns } from './netns.ts';
import {
  type Datapath,
  datapathDumpPayload,
  decodeDatapath,
  decodeVport,
  deleteVportRequest,
  type Vport,
  type VportTarget,
  vportDumpPayload,
} from './ovs-datapath-codec.ts';
import type { RawSocket } from './socket.ts';
import type { Wire } from './wire.ts';

/** The kernel module openvswitch, past ovs-vswitchd: what its datapaths really hold. */
export interface OvsDatapaths extends AsyncDisposable {
  datapaths(): Promise<Datapath[]>;
  vports(datapathIndex: number): Promise<Vport[]>;
  /** For orphans only: ovs-vswitchd does not expect it. Rejects with NETLINK_REFUSED (ENODEV absent, EINVAL local port). */
  deleteVport(target: VportTarget): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the datapath interface of a namespace (the present one when none is named). Resolves undefined where the module
 * is not loaded; it is not loaded by this. Rejects with USAGE, NETLINK_REFUSED.
 */
export async function openOvsDatapaths(
  options: { readonly netnsPath?: string } = {},
): Promise<OvsDatapaths | undefined> {
  const path = options.netnsPath;
  const netns = path === undefined ? undefined : { fd: openNetns(path), path };
  const open: RawSocket[] = [];
  const release = () => {
    for (const socket of open) socket.close();
  };
  try {
    for (const label of ['genetlink requests', 'genetlink dumps']) {
      open.push(openNetlinkSocket({ protocol: NETLINK_GENERIC, label, netns }));
    }
    const dumper = new Dumper(open[1]!);
    const families = await genlFamilies(dumper);
    const datapathId = families.get('ovs_datapath');
    const vportId = families.get('ovs_vport');
    if (datapathId !== undefined && vportId !== undefined)
      return createOvsDatapaths(open[0]!, dumper, datapathId, vportId, release);
    release();
    return undefined;
  } catch (error) {
    release();
    throw error;
  } finally {
    if (netns !== undefined) closeSync(netns.fd);
  }
}

function createOvsDatapaths(
  requests: RawSocket,
  dumper: Dumper,
  datapathId: number,
  vportId: number,
  release: () => void,
): OvsDatapaths {
  const close = async () => {
    await dumper.close();
    release();
  };
  return {
    datapaths: () =>
      dumper.dump(dumpRequest('datapaths', datapathId, datapathDumpPayload()), collect(datapathId, decodeDatapath)),
    vports: datapathIndex =>
      dumper.dump(
        dumpRequest('datapath ports', vportId, vportDumpPayload(datapathIndex)),
        collect(vportId, decodeVport),
      ),
    deleteVport: async target => requestOrThrow(requests, deleteVportRequest(vportId, target)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function collect<T>(messageType: number, decode: (wire: Wire, at: number, end: number) => T): () => DumpCollector<T[]> {
  return () => {
    const list: T[] = [];
    return {
      message(wire, type, at, end) {
        if (type === messageType) list.push(decode(wire, at, end));
      },
      result: () => list,
    };
  };
}
