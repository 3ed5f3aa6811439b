import type { EffectResult, OwnerEffect } from '../../domain/effect.ts';
import type { ManagerName, NmDevice, OwnerFacts, Prepared } from '../../domain/owners.ts';
import { isManaging } from '../../domain/steps/owners.ts';
import type { HostEvent } from '../host.ts';
import type { KernelModel } from './kernel/kernel-model.ts';

/** How those who manage the uplink behave, beside what they tell. */
export interface OwnerHabits {
  /** NetworkManager takes addresses and routes along when it lets a link go (F-75). */
  readonly flushesOnRelease: boolean;
}

/** NetworkManager, systemd-networkd and DHCP clients of one simulated host. */
export interface OwnersModel {
  read(): OwnerFacts;
  apply(effect: OwnerEffect): EffectResult;
  /** The manager is started again: what it was asked to let go it has forgotten (F-80). */
  restart(owner: ManagerName): void;
  /** Those that had the uplink to begin with. */
  managers(): readonly ManagerName[];
  /** It answers nobody any more, until it is told to again (F-81). */
  silence(isSilent: boolean): void;
  subscribe(listener: (event: HostEvent) => void): () => void;
}

const PREPARED = { 'owner.shield': 'shielded', 'owner.release': 'released', 'owner.return': 'no' } as const;

/** NM_DEVICE_STATE_UNMANAGED, NM_DEVICE_STATE_ACTIVATED. */
const UNMANAGED = 10;
const ACTIVATED = 100;

/** Begins with what the description says. */
export function createOwnersModel(options: {
  readonly kernel: KernelModel;
  readonly uplinkIndex: number;
  readonly initial: OwnerFacts;
  readonly habits: OwnerHabits;
}): OwnersModel {
  const { kernel, uplinkIndex, initial, habits } = options;
  const listeners = new Set<(event: HostEvent) => void>();
  let now = initial;
  let isSilent = false;

  const tell = (owner: ManagerName): void => {
    for (const listener of [...listeners]) listener({ type: 'owner.changed', owner });
  };

  /** NetworkManager lets go at once, systemd-networkd at the end. */
  function prepare(owner: ManagerName, prepared: Prepared): void {
    const holds = prepared === 'no' || (owner === 'systemd-networkd' && prepared === 'shielded');
    if (owner === 'NetworkManager') {
      const { uplink } = now.networkManager;
      const had = uplink?.managed === true;
      const connection = holds ? (initial.networkManager.uplink?.connection ?? null) : null;
      const device: NmDevice | null =
        uplink === null ? null : { ...uplink, managed: holds, state: holds ? ACTIVATED : UNMANAGED, connection };
      now = { ...now, networkManager: { ...now.networkManager, uplink: device, prepared } };
      if (had && !holds && habits.flushesOnRelease) flush();
    } else {
      const { uplink } = now.networkd;
      const link = uplink === null ? null : { ...uplink, setupState: holds ? 'configured' : 'unmanaged' };
      now = { ...now, networkd: { ...now.networkd, uplink: link, prepared } };
    }
    tell(owner);
  }

  kernel.subscribe(event => {
    if (event.type !== 'netlink.link.removed' || event.link.index !== uplinkIndex) return;
    now = {
      ...now,
      networkManager: { ...now.networkManager, uplink: null },
      networkd: { ...now.networkd, uplink: null },
      dns: null,
    };
  });

  function flush(): void {
    const { addresses } = kernel.read({ routes: false });
    for (const address of addresses.filter(a => a.linkIndex === uplinkIndex)) {
      kernel.apply({ op: 'address.remove', address });
    }
  }

  return {
    read() {
      if (!isSilent) return now;
      const { networkManager, networkd } = now;
      return {
        ...now,
        networkManager: networkManager.state === 'running' ? { ...networkManager, state: 'silent' } : networkManager,
        networkd: networkd.state === 'running' ? { ...networkd, state: 'silent' } : networkd,
      };
    },
    apply(effect) {
      switch (effect.op) {
        case 'owner.shield':
        case 'owner.release':
        case 'owner.return':
          if (isSilent) return silentOwner(effect.owner);
          prepare(effect.owner, PREPARED[effect.op]);
          break;
        case 'dhcp.hand-over':
          now = {
            ...now,
            dhcpClients: now.dhcpClients.map(client =>
              client.pid === effect.client.pid ? { ...client, link: effect.to.name } : client,
            ),
          };
          break;
        case 'dns.set':
          now = effect.link.index === uplinkIndex ? { ...now, dns: effect.dns } : { ...now, hostPortDns: effect.dns };
          break;
        case 'link-policy.write':
          now = { ...now, linkPolicies: [...now.linkPolicies.filter(path => path !== effect.path), effect.path] };
          break;
        case 'link-policy.remove':
          now = { ...now, linkPolicies: now.linkPolicies.filter(path => path !== effect.path) };
          break;
      }
      return { ok: true };
    },
    // systemd-networkd reads its files again; NetworkManager had it in memory only.
    restart: owner => prepare(owner, owner === 'NetworkManager' ? 'no' : now.networkd.prepared),
    managers: () => (['NetworkManager', 'systemd-networkd'] as const).filter(owner => isManaging(owner, initial)),
    silence(silent) {
      isSilent = silent;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function silentOwner(owner: ManagerName): EffectResult {
  return { ok: false, failure: { code: 'OWNER_UNREACHABLE', what: 'no answer', object: owner } };
}
