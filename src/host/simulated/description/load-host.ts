import type { HostFacts } from '../../../domain/host-facts.ts';
import { canRenameLive } from '../../../domain/precheck/names.ts';
import { NO_UDEV } from '../../../domain/udev/udev-facts.ts';
import { buildKernel } from './build-kernel.ts';
import { checkReferences } from './check-references.ts';
import { DEFAULT_SYSCTLS } from './default-sysctls.ts';
import { describeOvs, ovsStateOf } from './describe-ovs.ts';
import { describeOwners } from './describe-owners.ts';
import type { DescribedGateway, HostDescription } from './host-description.ts';
import { type HostDocument, hostSchema } from './host-schema.ts';
import { withKeys } from './link-sysctls.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/**
 * Makes a host of a description in YAML (`kind: Host`). What the kernel makes by itself (connected, local and multicast routes, link-local
 * addresses, default rules) is not written there: it is derived. Throws `USAGE` that begins with `file:line:column`.
 */
export function loadHost(text: string, file: string): HostDescription {
  return buildHost(readYaml(text, file));
}

/** Makes a host of a description that was read already, perhaps as a part of something else. Throws as {@link loadHost} does. */
export function buildHost(source: YamlSource): HostDescription {
  const parsed = hostSchema.safeParse(source.data);
  if (!parsed.success) throw source.firstOf(parsed.error.issues, hostSchema);
  const host = parsed.data;
  checkReferences(host, source);
  const liveRename = host.kernel.liveRename ?? canRenameLive(host.kernel.release) ?? true;
  const defaultSysctls = withKeys(DEFAULT_SYSCTLS, host.kernel.sysctls);
  const built = buildKernel(host, liveRename, defaultSysctls, (path, failure) => {
    const { code: _code, what, ...details } = failure;
    return source.errorAt(path, `the kernel refuses this: ${what}`, details);
  });
  const { bond, ...request } = host.request;
  const ovs = describeOvs(host, built.kernel);
  return {
    name: host.name,
    description: host.description,
    uplink: host.uplink,
    request: { ...request, ...(bond === undefined ? {} : { bond }) },
    kernel: built.kernel,
    sysctls: built.sysctls,
    defaultSysctls,
    liveRename,
    ovs,
    ovsState: ovsStateOf(ovs, built.kernel),
    facts: factsOf(host),
    ownerHabits: { flushesOnRelease: host.owners.networkManager?.flushesOnRelease === true },
    gateways: host.gateways.map(gatewayOf),
    udev: host.udev,
    refuses: host.refuses as HostDescription['refuses'],
  };
}

function factsOf(host: HostDocument): HostFacts {
  return {
    identity: {
      bootId: '6d0c3b0e-0000-4000-8000-000000000001',
      machineId: '3f1c0000000000000000000000000001',
      netns: '4026531840',
      kernelRelease: host.kernel.release,
    },
    networkMounts: host.mounts,
    linkFiles: host.linkFiles,
    bondMode: host.links.find(link => link.name === host.uplink)?.bondMode ?? null,
    canMuteIngress: host.kernel.canMuteIngress,
    hasKernelDatapath: host.kernel.datapath,
    kernelCommandLine: host.kernel.commandLine,
    udev: NO_UDEV,
    owners: describeOwners(host.owners, host.uplink),
  };
}

function gatewayOf(gateway: HostDocument['gateways'][number], at: number): DescribedGateway {
  return { ...gateway, mac: gateway.mac ?? `00:00:5e:00:01:${(at + 1).toString(16).padStart(2, '0')}` };
}
