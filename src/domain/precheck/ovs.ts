import type { Finding } from '../finding.ts';
import type { PrecheckContext, RequestRule } from './context.ts';
import { listed } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about the running Open vSwitch and the host-wide lock. */
export const OVS_RULES: readonly RequestRule[] = [
  checkLock,
  checkReachable,
  checkApplied,
  checkFlowRestore,
  checkDatapath,
  checkMute,
];

function checkLock({ lockHolder }: PrecheckContext): readonly Finding[] {
  if (lockHolder === null) return [];
  return [
    finding('lock-held', {
      message: `another ovs-uplink works on this host: ${lockHolder}`,
      culprit: lockHolder,
      advice: 'wait for it, or look at "ovs-uplink status"',
    }),
  ];
}

function checkReachable({ ovs }: PrecheckContext): readonly Finding[] {
  if (ovs === undefined) {
    return [
      finding('ovsdb-unreachable', {
        message: 'the Open vSwitch database does not answer (ovsdb-server)',
        culprit: 'ovsdb-server',
        advice: 'start Open vSwitch, or give its socket with --ovsdb',
      }),
    ];
  }
  if (ovs.system !== null) return [];
  return [
    finding('ovs-not-initialised', {
      message: 'the database of ovsdb-server has no Open_vSwitch row: it was never initialised',
      culprit: 'ovsdb-server',
      advice: 'run "ovs-vsctl --no-wait init", or start Open vSwitch with its own service',
    }),
  ];
}

function checkApplied({ ovs }: PrecheckContext): readonly Finding[] {
  const system = ovs?.system;
  if (!system || system.curCfg >= system.nextCfg) return [];
  return [
    finding('ovs-behind', {
      message: `ovs-vswitchd has applied configuration ${system.curCfg} of ${system.nextCfg}; the gate waits for it`,
      culprit: 'ovs-vswitchd',
      advice: 'if it stays so, look whether ovs-vswitchd runs',
    }),
  ];
}

function checkFlowRestore({ ovs, request }: PrecheckContext): readonly Finding[] {
  if (!ovs?.system?.flowRestoreWait) return [];
  const isOurs = request.clearFlowRestoreWait === true;
  return [
    finding('flow-restore-wait', {
      message: `Open_vSwitch other_config:flow-restore-wait is true: ovs-vswitchd forwards nothing yet; the gate ${isOurs ? 'clears it when all else is ready' : 'waits until it is cleared'}`,
      culprit: 'Open_vSwitch other_config:flow-restore-wait',
      advice: isOurs
        ? 'nothing to do, where nobody restores flows'
        : 'whoever set it clears it; if it is yours: --clear-flow-restore-wait, or "ovs-vsctl remove Open_vSwitch . other_config flow-restore-wait"',
    }),
  ];
}

function checkDatapath({ ovs, facts, datapath }: PrecheckContext): readonly Finding[] {
  // ovs-vswitchd lists "system" also where the kernel module is missing.
  if (datapath === 'system' && !facts.hasKernelDatapath) {
    return [
      finding('datapath-not-offered', {
        message: 'the kernel has nothing for the datapath type system: its module openvswitch is not loaded',
        culprit: 'system',
        advice: 'load it with "modprobe openvswitch", or take --datapath netdev',
      }),
    ];
  }
  const types = ovs?.system?.datapathTypes ?? [];
  // The list is empty until ovs-vswitchd has started: then the gate tells.
  if (types.length === 0 || types.includes(datapath)) return [];
  return [
    finding('datapath-not-offered', {
      message: `ovs-vswitchd does not offer the datapath type ${datapath}, only ${listed(types)}`,
      culprit: datapath,
      advice: `take another with --datapath (${listed(types)})`,
    }),
  ];
}

/** In the netdev datapath the kernel sees what arrives on the uplink too, and would answer everything twice (F-48). */
function checkMute({ datapath, facts, names, request }: PrecheckContext): readonly Finding[] {
  if (datapath !== 'netdev' || names.hostPort === null || facts.canMuteIngress) return [];
  return [
    finding('ingress-mute-missing', {
      message: `with the netdev datapath the kernel must stop answering on ${request.uplink}, but nf_tables cannot hook its ingress here`,
      culprit: request.uplink,
      advice: 'load nf_tables with netdev support (CONFIG_NF_TABLES_NETDEV), or take --datapath system',
    }),
  ];
}
