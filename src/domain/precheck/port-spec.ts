import type { Finding } from '../finding.ts';
import type { PortSpecs, PortVlan } from '../port-spec.ts';
import { formatVlan, formatVlans, hostOnWire, MAX_VLAN, MIN_VLAN, modeOf } from '../port-spec.ts';
import type { PrecheckContext, RequestRule } from './context.ts';
import { finding } from './finding-codes.ts';

/** Rules about the VLANs that were asked for; silent where none were. */
export const PORT_SPEC_RULES: readonly RequestRule[] = [checkSettings, checkHost];

function checkSettings(context: PrecheckContext): readonly Finding[] {
  const { request, names } = context;
  if (request.ports === undefined) return [];
  return problemsOf(request.ports, names.hostPort).map(({ problem, culprit, advice }) =>
    finding('vlan-settings-invalid', { message: problem, culprit, advice }),
  );
}

interface Problem {
  readonly problem: string;
  readonly culprit: string;
  readonly advice: string;
}

/** What cannot be meant: Open vSwitch would take it without a word, and ignore one of the two. */
function problemsOf({ uplink, hostPort }: PortSpecs, hostPortName: string | null): readonly Problem[] {
  const { tag, trunks, vlanMode } = uplink;
  const problems: Problem[] = [];
  const outside = [...[tag, hostPort.tag].filter(isNoVlan), ...trunks.filter(vlan => vlan !== 0 && isNoVlan(vlan))];
  if (outside.length > 0) {
    const culprit = outside.join(', ');
    problems.push({
      problem: `there is no VLAN ${culprit}`,
      culprit,
      advice: `VLANs are ${MIN_VLAN} to ${MAX_VLAN}; among the trunks 0 stands for frames without a tag`,
    });
  }
  if (tag !== null && vlanMode === 'trunk') {
    problems.push({
      problem: `with VLAN mode trunk Open vSwitch ignores tag ${tag}`,
      culprit: `tag ${tag}`,
      advice: `take native-untagged, or leave the tag out`,
    });
  }
  if (tag === null && vlanMode !== null && vlanMode !== 'trunk') {
    problems.push({
      problem: `VLAN mode ${vlanMode} needs a tag`,
      culprit: vlanMode,
      advice: 'give --tag, or leave the mode out',
    });
  }
  if (modeOf(uplink) === 'access' && trunks.length > 0) {
    problems.push({
      problem: `an access port has one VLAN (tag ${tag ?? 0}): Open vSwitch ignores trunks ${formatVlans(trunks)}`,
      culprit: `trunks ${formatVlans(trunks)}`,
      advice: 'take --vlan-mode native-untagged for one VLAN without and others with a tag',
    });
  }
  if (hostPort.tag !== null && hostPortName === null) {
    problems.push({
      problem: `layout attach-only has no host port that could have tag ${hostPort.tag}`,
      culprit: `tag ${hostPort.tag}`,
      advice: 'leave --host-port-tag out, or take another layout',
    });
  }
  return problems;
}

function isNoVlan(vlan: number | null): boolean {
  return vlan !== null && (!Number.isInteger(vlan) || vlan < MIN_VLAN || vlan > MAX_VLAN);
}

/** Whether the host is still heard, and how what it sends looks on the wire, where it has no tag today. */
function checkHost({ request, names }: PrecheckContext): readonly Finding[] {
  const { ports, uplink } = request;
  if (ports === undefined || problemsOf(ports, names.hostPort).length > 0) return [];
  const onWire = finding('vlan-on-wire', {
    message: `${uplink} ${describeWire(ports.uplink)}`,
    culprit: uplink,
    advice: 'the switch port at the other end must be set up alike',
  });
  if (names.hostPort === null) return [onWire];
  const { sends, hears } = hostOnWire(ports.uplink, ports.hostPort);
  const vlan = ports.hostPort.tag === null ? 'no VLAN' : `VLAN ${ports.hostPort.tag}`;
  if (sends === null || hears.length === 0) {
    const given = formatVlan(ports.uplink) || 'no VLAN settings';
    return [
      finding('vlan-cuts-off-host', {
        message: `the port of ${uplink} (${given}) lets nothing through ${sends === null ? 'from' : 'to'} the host port ${names.hostPort} (${vlan}): the host would be cut off`,
        culprit: names.hostPort,
        advice: adviceFor(ports),
      }),
      onWire,
    ];
  }
  if (sends === 0) return [onWire];
  return [
    finding('vlan-host-tagged', {
      message: `what the host sends leaves ${uplink} with tag ${sends}, where it has none today`,
      culprit: `tag ${sends}`,
      advice: `fine only where the switch takes VLAN ${sends} with a tag on this port; else "--vlan-mode native-untagged --tag ${sends}"`,
    }),
    onWire,
  ];
}

function adviceFor({ uplink, hostPort }: PortSpecs): string {
  if (hostPort.tag !== null && uplink.tag === null) {
    return `let VLAN ${hostPort.tag} through: without a tag on the wire by "--vlan-mode native-untagged --tag ${hostPort.tag}", with one by adding it to --trunks`;
  }
  if (uplink.tag !== null) return `"--host-port-tag ${uplink.tag}" puts the host into the VLAN of the uplink`;
  return `add 0 to --trunks, which stands for frames without a tag, or "--vlan-mode native-untagged --tag VLAN --host-port-tag VLAN"`;
}

/** `carries VLAN 100 without a tag, and VLANs 200-210 with theirs` */
function describeWire(port: PortVlan): string {
  const { tag, trunks } = port;
  const tagged = trunks.filter(vlan => vlan !== 0 && vlan !== tag);
  const others = trunks.length === 0 ? 'all other VLANs with their tag' : `${listVlans(tagged)} with a tag`;
  switch (modeOf(port)) {
    case 'access':
      return `carries VLAN ${tag} alone, without a tag`;
    case 'native-untagged':
      return `carries VLAN ${tag} without a tag${trunks.length > 0 && tagged.length === 0 ? '' : `, and ${others}`}`;
    case 'native-tagged':
      return `sends VLAN ${tag} with a tag, and takes frames without one for it${trunks.length > 0 && tagged.length === 0 ? '' : `; it carries ${others}, too`}`;
    default: {
      if (trunks.length === 0) return 'carries frames without a tag, and all VLANs with their tag';
      const bare = trunks.includes(0);
      if (tagged.length === 0) return 'carries frames without a tag, and no VLANs';
      return `carries ${listVlans(tagged)} with a tag, ${bare ? 'and' : 'but no'} frames without one`;
    }
  }
}

function listVlans(vlans: readonly number[]): string {
  return `${vlans.length === 1 ? 'VLAN' : 'VLANs'} ${formatVlans(vlans)}`;
}
