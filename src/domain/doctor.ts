import type { HostFacts } from '../domain/host-facts.ts';
import type { Failure } from '../errors.ts';
import { describeFailure } from '../errors.ts';
import { chooseDatapath } from './build-plan.ts';
import type { Finding } from './finding.ts';
import type { KernelState } from './kernel-state.ts';
import { linkByName } from './kernel-state.ts';
import type { Link } from './link.ts';
import type { OvsState } from './ovs-state.ts';
import { findBridge } from './ovs-state.ts';
import { sortBySeverity } from './precheck/accept.ts';
import { listed } from './precheck/context.ts';
import { finding } from './precheck/finding-codes.ts';
import { precheck } from './precheck/index.ts';
import { canRenameLive } from './precheck/names.ts';
import type { MigrationRequest } from './request.ts';
import { DEFAULT_DEADLINES } from './request.ts';
import { isDefault, usesLink } from './route.ts';
import { diagnoseNaming } from './udev/diagnose.ts';

/** What `doctor` looks at; plain JSON. */
export interface DoctorInput {
  readonly kernel: KernelState;
  readonly ovs: OvsState | undefined;
  /** Why OVSDB was not reached; null when it was. */
  readonly ovsFailure: Failure | null;
  readonly facts: HostFacts;
  readonly uplink?: string;
}

/** What would go wrong on this host, and what is fine: blocking first. Pure; never throws. */
export function diagnose(input: DoctorInput): readonly Finding[] {
  const link = input.uplink === undefined ? undefined : linkByName(input.kernel, input.uplink);
  const findings = [...diagnoseKernel(input), ...diagnoseOvs(input), diagnoseNaming(input.facts, link)];
  const about = input.uplink === undefined ? findCandidates(input) : tryDefaultRequest(input, input.uplink);
  const known = new Set(findings.map(found => found.code));
  return sortBySeverity([...findings, ...about.filter(found => !known.has(found.code))]);
}

function diagnoseKernel({ facts, uplink }: DoctorInput): readonly Finding[] {
  const release = facts.identity.kernelRelease;
  const rename = canRenameLive(release)
    ? finding('rename-live', {
        message: `Linux ${release} renames links that are up`,
        culprit: `Linux ${release}`,
        advice: 'nothing to do',
      })
    : finding('rename-needs-link-down', {
        message: `Linux ${release || '(unknown)'} may refuse to rename a link that is up: it would be down for a moment, and what that flushes is put back`,
        culprit: `Linux ${release}`,
        advice: 'layout bridge-port needs no rename',
      });
  const link = uplink ?? 'a link';
  const mute = facts.canMuteIngress
    ? finding('ingress-mute-ready', {
        message: `nf_tables can hook the ingress of ${link}: the netdev datapath can be used`,
        advice: 'nothing to do',
      })
    : finding('ingress-mute-unavailable', {
        message: `nf_tables cannot hook the ingress of ${link}: the netdev datapath cannot be used for a host's own uplink`,
        culprit: 'nf_tables',
        advice: 'a kernel with CONFIG_NF_TABLES_NETDEV, or the system datapath',
      });
  return [rename, mute];
}

function diagnoseOvs({ ovs, ovsFailure }: DoctorInput): readonly Finding[] {
  if (ovs === undefined || ovsFailure !== null) {
    // The advice stands in a line of its own.
    const { advice, ...failure } = ovsFailure ?? { code: 'OVSDB_UNREACHABLE', what: '' };
    return [
      finding('ovsdb-unreachable', {
        message:
          ovsFailure === null ? 'the Open vSwitch database does not answer (ovsdb-server)' : describeFailure(failure),
        culprit: ovsFailure?.object ?? 'ovsdb-server',
        advice: advice ?? 'start Open vSwitch, or give its socket with --ovsdb',
      }),
    ];
  }
  const { system } = ovs;
  if (system === null) {
    return [
      finding('ovs-not-initialised', {
        message: 'the database of ovsdb-server has no Open_vSwitch row: it was never initialised',
        culprit: 'ovsdb-server',
        advice: 'run "ovs-vsctl --no-wait init", or start Open vSwitch with its own service',
      }),
    ];
  }
  const version = system.ovsVersion === null ? 'of unknown version' : system.ovsVersion;
  return [
    finding('ovs-reachable', {
      message: `Open vSwitch ${version} answers (schema ${ovs.schemaVersion}, ${ovs.bridges.length} bridges)`,
      culprit: 'ovsdb-server',
      advice: 'nothing to do',
    }),
    finding('ovs-datapaths', {
      message:
        system.datapathTypes.length === 0
          ? 'ovs-vswitchd has not said which datapath types it has: it does not run, or has just started'
          : `ovs-vswitchd offers the datapath types ${listed(system.datapathTypes)}`,
      culprit: 'ovs-vswitchd',
      advice: system.datapathTypes.length === 0 ? 'look whether ovs-vswitchd runs' : 'nothing to do',
    }),
    ...(system.flowRestoreWait
      ? [
          finding('flow-restore-wait', {
            message:
              'Open_vSwitch other_config:flow-restore-wait is true: ovs-vswitchd forwards nothing until it is cleared',
            culprit: 'Open_vSwitch other_config:flow-restore-wait',
            advice: 'whoever set it clears it; a migration waits for that',
          }),
        ]
      : []),
  ];
}

/** Links with a default route, in any table. */
function findCandidates({ kernel }: DoctorInput): readonly Finding[] {
  const tablesOf = (link: Link): readonly number[] => [
    ...new Set(kernel.routes.filter(route => isDefault(route) && usesLink(route, link.index)).map(r => r.table)),
  ];
  const candidates = kernel.links.map(link => ({ link, tables: tablesOf(link) })).filter(one => one.tables.length > 0);
  if (candidates.length === 0) {
    return [
      finding('no-uplink-candidate', {
        message: 'no link of this network namespace has a default route',
        advice: 'name the uplink with -i',
      }),
    ];
  }
  return candidates.map(({ link, tables }) =>
    finding('uplink-candidate', {
      message: `${link.name}${link.kind === null ? '' : ` (${link.kind})`} has a default route in ${tables.length === 1 ? 'table' : 'the tables'} ${listed(tables.map(String))}`,
      culprit: link.name,
      advice: `look closer with "ovs-uplink doctor -i ${link.name}"`,
    }),
  );
}

/** What a migration with the defaults would be told. */
function tryDefaultRequest(input: DoctorInput, uplink: string): readonly Finding[] {
  const { kernel, ovs, facts } = input;
  const request: MigrationRequest = {
    uplink,
    bridge: freeBridgeName(input),
    layout: 'host-port',
    datapath: null,
    probes: [{ kind: 'gateway' }],
    confirmWithinMs: null,
    useExistingBridge: false,
    accept: [],
    deadlines: DEFAULT_DEADLINES,
  };
  const findings = precheck({
    request,
    kernel,
    ovs,
    facts,
    datapath: chooseDatapath(request, ovs, facts),
    lockHolder: null,
    ownJournal: false,
  });
  if (findings.some(found => found.severity === 'blocking')) return findings;
  const looksGood = finding('request-looks-good', {
    message: `nothing stands in the way of moving ${uplink} with layout host-port`,
    culprit: uplink,
    advice: `look at the steps with "ovs-uplink plan -i ${uplink} -b ${request.bridge}"`,
  });
  return [...findings, looksGood];
}

function freeBridgeName({ kernel, ovs }: DoctorInput): string {
  const isFree = (name: string): boolean =>
    linkByName(kernel, name) === undefined && (ovs === undefined || findBridge(ovs, name) === undefined);
  return ['br-ext', 'br-ext2', 'br-ext3'].find(isFree) ?? 'br-ext';
}
