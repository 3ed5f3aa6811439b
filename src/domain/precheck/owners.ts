import type { DhcpRefusal } from '../dhcp/dhcp-refusal.ts';
import { refuseDhcpHandOver } from '../dhcp/dhcp-refusal.ts';
import type { Finding } from '../finding.ts';
import { linkByIndex } from '../kernel-state.ts';
import type { DhcpClient, LinkConfiguration, NmDevice } from '../owners.ts';
import { mustKeep } from '../plan-owners.ts';
import { isManaging } from '../steps/owners.ts';
import type { UplinkContext, UplinkRule } from './context.ts';
import { listed, renamesUplink } from './context.ts';
import { finding } from './finding-codes.ts';
import { clientsOfUplink, leasesOf, networkdFollows } from './leases.ts';
import { canRenameLive } from './names.ts';

/** Rules about those who manage the uplink beside us: what they would do to it, and what is asked of them. */
export const OWNER_RULES: readonly UplinkRule[] = [
  checkSilence,
  checkNetworkManager,
  checkTeamName,
  checkNetworkd,
  checkDhcpClients,
  checkTeamd,
  checkConfigurations,
];

/** Without an answer only files tell, and nobody can be asked to let go (F-81). */
function checkSilence({ facts, uplink }: UplinkContext): readonly Finding[] {
  const { networkManager, networkd, readMs } = facts.owners;
  const silent = [
    ...(networkManager.state === 'silent' ? [{ who: 'NetworkManager', unit: 'NetworkManager' }] : []),
    ...(networkd.state === 'silent' ? [{ who: 'systemd-networkd', unit: 'systemd-networkd' }] : []),
  ];
  return silent.map(({ who, unit }) =>
    finding('owner-silent', {
      message: `${who} does not answer (asked for ${Math.round(readMs)} ms): what is known of ${uplink.name} comes from its files, and it cannot be asked to let go`,
      culprit: who,
      advice: `look at "systemctl status ${unit} dbus", then try again`,
    }),
  );
}

const BOND = 10;
const VLAN = 11;
const BRIDGE = 13;
const TEAM = 15;

/** NMDeviceType in words, where it decides something here. */
const DEVICE_WORDS: Readonly<Record<number, string>> = {
  [BOND]: 'bond',
  [VLAN]: 'VLAN',
  [BRIDGE]: 'bridge',
  [TEAM]: 'team',
};

function describeDevice({ name, deviceType }: NmDevice): string {
  const word = DEVICE_WORDS[deviceType];
  return word === undefined ? name : `the ${word} ${name}`;
}

function profileOf({ connection }: NmDevice): string {
  return connection === null ? '' : ` with the profile "${connection.id}"`;
}

function checkNetworkManager(context: UplinkContext): readonly Finding[] {
  const { facts, names } = context;
  const { networkManager } = facts.owners;
  const device = networkManager.uplink;
  if (device === null || !device.managed) return device === null ? checkUnseen(context) : [];
  if (mustKeep(facts.owners)) return checkKept(context, device);
  if (names.hostPort === null) {
    return [
      finding('nm-manages-uplink', {
        message: `NetworkManager manages ${device.name}${profileOf(device)} and goes on with it: layout attach-only asks nothing of it`,
        culprit: 'NetworkManager',
        advice: `see that the profile gives ${device.name} no address: what the kernel sends by it does not reach the bridge`,
      }),
    ];
  }
  const dynamic = dynamicFamilies(context, device);
  if (dynamic.length > 0) {
    return [
      finding('nm-dhcp', {
        message: `NetworkManager gets the ${listed(dynamic)} address of ${device.name} itself${profileOf(device)}: it cannot renew it on the host port ${names.hostPort}`,
        culprit: 'NetworkManager',
        advice: `make the profile static ("nmcli connection modify ${device.connection?.uuid ?? 'UUID'} ipv4.method manual …"), or accept it and have another DHCP client run on ${names.hostPort}`,
      }),
    ];
  }
  return [
    finding('nm-manages-uplink', {
      message: `NetworkManager manages ${device.name}${profileOf(device)}: it is asked to leave it alone, until it gets it back on restore`,
      culprit: 'NetworkManager',
      advice: 'nothing to do; where it is restarted meanwhile it is asked again',
    }),
  ];
}

/** It must not be asked to let go, because it would set down more than the uplink (F-76 to F-78). */
/** A NetworkManager that does not answer may hold a bond or a team all the same: what it would do to one is too much for a guess (F-77, F-78). */
function checkUnseen({ facts, names, uplink, kernel }: UplinkContext): readonly Finding[] {
  if (facts.owners.networkManager.state !== 'silent' || names.hostPort === null) return [];
  const isKept = (kind: string | null): boolean => kind === 'bond' || kind === 'team';
  const vlan = kernel.links.find(link => link.kind === 'vlan' && link.lower === uplink.index);
  if (!isKept(uplink.kind) && vlan === undefined) return [];
  const what = isKept(uplink.kind) ? `the ${uplink.kind} ${uplink.name}` : `the VLAN ${vlan?.name}`;
  return [
    finding('nm-keeps-link', {
      message: `NetworkManager does not answer, and may manage ${what}, which it would set down if it were asked to let go`,
      culprit: 'NetworkManager',
      advice: 'see whether it hangs: "systemctl status NetworkManager"; then try again',
    }),
  ];
}

/** NetworkManager 1.42 asks teamd by a bus name made of the link's, ends with an assertion where that has a "~", and manages nothing any more. */
function checkTeamName({ facts, names, uplink }: UplinkContext): readonly Finding[] {
  if (uplink.kind !== 'team' || !names.uplink.includes('~') || facts.owners.networkManager.state === 'absent')
    return [];
  return [
    finding('nm-keeps-link', {
      message: `NetworkManager runs here, and ends when it sees a team called ${names.uplink}`,
      culprit: 'NetworkManager',
      advice: 'take layout bridge-port, which renames nothing',
    }),
  ];
}

function checkKept({ facts, names, uplink }: UplinkContext, device: NmDevice): readonly Finding[] {
  const kept = facts.owners.networkManager.relatives.filter(
    one => one.managed && DEVICE_WORDS[one.deviceType] !== undefined,
  );
  const isItself = device.deviceType === TEAM || device.deviceType === BOND;
  const what = listed([...(isItself ? [describeDevice(device)] : []), ...kept.map(describeDevice)]);
  if (names.hostPort === null) {
    return [
      finding('nm-manages-uplink', {
        message: `NetworkManager manages ${device.name}, and with it ${what}: it goes on with it, layout attach-only asks nothing of it`,
        culprit: 'NetworkManager',
        advice: `see that the profile gives ${device.name} no address: what the kernel sends by it does not reach the bridge`,
      }),
    ];
  }
  return [
    finding('nm-keeps-link', {
      message: `NetworkManager manages ${device.name}${profileOf(device)}, and would set ${what} down if it were asked to let go: it keeps the link, and may take back at any time what is moved to ${names.hostPort}`,
      culprit: isItself ? device.name : (kept[0]?.name ?? uplink.name),
      advice: `where ${uplink.name} needs no address of its own, layout attach-only leaves it to NetworkManager; else give it to another manager first, or make the bridge in NetworkManager itself`,
    }),
  ];
}

/** Families whose address NetworkManager fetches: by its profile, or, where that is not known, by what the address looks like. */
function dynamicFamilies(context: UplinkContext, { connection }: NmDevice): readonly string[] {
  const leases = leasesOf(context);
  const has = (family: 4 | 6): boolean => leases.some(address => address.family === family);
  const method4 = connection?.method4 ?? null;
  const method6 = connection?.method6 ?? null;
  return [
    ...(method4 === 'auto' || (method4 === null && has(4)) ? ['IPv4'] : []),
    // "auto" is what every profile has that says nothing of IPv6: only an address that came by DHCPv6 is lost with it.
    ...(method6 === 'dhcp' || ((method6 === null || method6 === 'auto') && has(6)) ? ['IPv6'] : []),
  ];
}

function checkNetworkd(context: UplinkContext): readonly Finding[] {
  const { facts, names, uplink } = context;
  const link = facts.owners.networkd.uplink;
  if (link === null || !isManaging('systemd-networkd', facts.owners)) return [];
  const file = link.networkFile === null ? '' : ` by ${link.networkFile}`;
  const culprit = link.networkFile ?? 'systemd-networkd';
  const { hostPort } = names;
  if (hostPort === null) {
    return [
      finding('networkd-manages-uplink', {
        message: `systemd-networkd manages ${uplink.name}${file} and goes on with it: layout attach-only asks nothing of it`,
        culprit,
        advice: `see that ${link.networkFile ?? 'its file'} gives ${uplink.name} no address`,
      }),
    ];
  }
  if (renamesUplink(context) && canRenameLive(facts.identity.kernelRelease) === false) {
    return [
      finding('networkd-drops-on-rename', {
        message: `systemd-networkd manages ${uplink.name}${file}, and Linux ${facts.identity.kernelRelease} takes it down to rename it: networkd would delete its addresses and routes then`,
        culprit,
        advice: 'take layout bridge-port, which renames nothing',
      }),
    ];
  }
  const families = [...(link.dhcp4 ? ['IPv4'] : []), ...(link.dhcp6 ? ['IPv6'] : [])];
  if (families.length > 0 && !networkdFollows(context)) {
    return [
      finding('networkd-dhcp', {
        message: `systemd-networkd gets the ${listed(families)} address of ${uplink.name} itself${file}, but what that file says is not known: it cannot be told to go on with the host port ${hostPort}`,
        culprit,
        advice: 'make its .network file readable, or the address static',
      }),
    ];
  }
  const manages = finding('networkd-manages-uplink', {
    message: `systemd-networkd manages ${uplink.name}${file}: it is asked to leave it alone and to keep what is on ${hostPort}, until it gets it back on restore`,
    culprit,
    advice: 'nothing to do; nothing of that outlives a boot',
  });
  if (families.length === 0) return [manages];
  return [
    manages,
    finding('dhcp-client-follows', {
      message: `systemd-networkd renews the ${listed(families)} lease of ${uplink.name}: it goes on with the host port ${hostPort} and the same lease, and with ${uplink.name} again on restore`,
      culprit: 'systemd-networkd',
      advice: 'nothing to do',
    }),
  ];
}

/** What helps where a client cannot go on. */
const CURES: Readonly<Partial<Record<DhcpRefusal['reason'], string>>> = {
  'follows-the-index': 'take another client (dhclient, udhcpc), or make the address static',
  'family-6': 'make the IPv6 address static, or accept that it ends with its lease',
};

/** Clients of their own process: with the host port they go on where they know their link by its name (F-52, F-60, F-89). */
function checkDhcpClients(context: UplinkContext): readonly Finding[] {
  const { names, uplink } = context;
  const { hostPort } = names;
  if (hostPort === null) return [];
  return clientsOfUplink(context).map(client => {
    const who = describeClient(client);
    const refusal = refuseDhcpHandOver(client, uplink.name, hostPort);
    if (refusal === null) {
      return finding('dhcp-client-follows', {
        message: `${who} renews the lease of ${uplink.name}: it goes on with the host port ${hostPort} and the same lease, and with ${uplink.name} again on restore`,
        culprit: who,
        advice:
          client.unit === null
            ? 'nothing to do'
            : `nothing to do; do not have ${client.unit} start another one meanwhile`,
      });
    }
    return finding('dhcp-client-not-handed-over', {
      message: `${who} cannot go on with the host port ${hostPort}: ${refusal.text}`,
      culprit: who,
      advice:
        CURES[refusal.reason] ??
        'layout host-port keeps the name by which it knows its link, and it goes on; or make the address static',
    });
  });
}

function describeClient({ program, pid, family }: DhcpClient): string {
  return `${program} (pid ${pid}${family === 6 ? ', IPv6' : ''})`;
}

function checkTeamd(context: UplinkContext): readonly Finding[] {
  const { facts, uplink, kernel } = context;
  const { teamd } = facts.owners;
  if (teamd === null) return [];
  if (uplink.kind !== 'team') {
    const master = uplink.master === null ? undefined : linkByIndex(kernel, uplink.master);
    const team = master?.name ?? 'a team';
    return [
      finding('teamd-port', {
        message: `${uplink.name} is a port of ${team}, which teamd (pid ${teamd}) runs and would take back`,
        culprit: team,
        advice: `name the team itself as the uplink, or take the port out first: "teamdctl ${team} port remove ${uplink.name}"`,
      }),
    ];
  }
  const isRenamed = renamesUplink(context);
  return [
    finding('teamd-runs-uplink', {
      message: `teamd (pid ${teamd}) runs the team ${uplink.name}: it goes on${isRenamed ? `, but teamdctl finds it by the old name only` : ''}`,
      culprit: `teamd (pid ${teamd})`,
      advice: isRenamed
        ? `do not stop it while the migration stands; layout bridge-port needs no rename`
        : 'do not stop it while the migration stands: the team goes with it',
    }),
  ];
}

/** Who applies such a file, when, and what that does while the uplink is on the bridge. */
const APPLIED: Readonly<Record<LinkConfiguration['by'], string>> = {
  ifupdown: 'at the next boot, or with "ifup", "ifdown" and "systemctl restart networking"',
  netplan: 'at the next boot, or with "netplan apply"',
  'cloud-init':
    'at the next boot, when it writes the configuration of the network anew (F-92: not with two links of one hardware address)',
  ifcfg: 'at the next boot, or with "ifup", "ifdown" and "nmcli connection reload"',
  wicked: 'at the next boot, or with "wicked ifup", "wicked ifdown" and "wicked ifreload"',
};

function checkConfigurations({ facts, names, uplink }: UplinkContext): readonly Finding[] {
  const { configurations } = facts.owners;
  const kinds = [...new Set(configurations.map(one => one.by))];
  return kinds.map(by => {
    const files = configurations.filter(one => one.by === by);
    const named = listed(files.map(({ path, method }) => (method === null ? path : `${path} (${method})`)));
    const touched =
      names.hostPort === uplink.name ? `the host port, which has the name ${uplink.name} then` : uplink.name;
    return finding('configuration-names-uplink', {
      message: `${named} ${files.length === 1 ? 'configures' : 'configure'} ${uplink.name}: applied ${APPLIED[by]}, it touches ${touched}`,
      culprit: files[0]?.path ?? by,
      advice:
        'leave it as it is for the boot, where nothing of a migration is left; apply it by hand only after "ovs-uplink restore"',
    });
  });
}
