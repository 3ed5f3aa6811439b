import type { Lab } from '../../../test/lab/lab.ts';
import type { UdpProbeResult } from '../../../test/lab/probe.ts';

/** What a probe saw while something was done, by the host's address. */
export type Measurement = Readonly<Record<string, UdpProbeResult>>;

const RATE_HZ = 1000;
/** Answered datagrams of each family before and after: the time around the change is looked at, too. */
const MARGIN = 250;

/** Sends 1000 datagrams a second and family from the far host through the gateway to the host while `work` is done. */
export async function measure<T>(
  lab: Lab,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly seen: Measurement }> {
  const { startUdpProbe } = await import('../../../test/lab/probe.ts');
  const { PLAIN_HOST } = await import('../../../test/lab/rich-host.ts');
  const probe = await startUdpProbe(lab, {
    clientNs: lab.farNs,
    serverNs: lab.hostNs,
    targets: [PLAIN_HOST.ipv4, PLAIN_HOST.ipv6],
    rateHz: RATE_HZ,
    signal,
  });
  try {
    await probe.progress(MARGIN);
    const result = await work();
    await probe.progress(MARGIN);
    return { result, seen: await probe.stop({ graceMs: 500 }) };
  } finally {
    await probe[Symbol.asyncDispose]();
  }
}

/** True when nothing was lost in either family. */
export function isLossless(seen: Measurement): boolean {
  return Object.values(seen).every(({ lost, sendErrors }) => lost === 0 && sendErrors === 0);
}
