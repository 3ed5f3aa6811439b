import type { Address } from '../../../domain/address.ts';
import {
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_HOMEADDRESS,
  IFA_F_MANAGETEMPADDR,
  IFA_F_MCAUTOJOIN,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_OPTIMISTIC,
  IFA_F_STABLE_PRIVACY,
  IFA_F_TEMPORARY,
  IFA_F_TENTATIVE,
} from '../../../domain/address.ts';
import { NotationError, numberOf, prefixOf, SCOPES, wordsOf } from './ip-words.ts';

/** An address as somebody asks for it, before it is on a link. `flags` are those that the line names. */
export type DescribedAddress = Omit<Address, 'linkIndex'>;

/** Flags that `ip addr` takes, and those that it only shows: an address may be what the kernel or a daemon has made. */
const FLAGS: Readonly<Record<string, number>> = {
  nodad: IFA_F_NODAD,
  optimistic: IFA_F_OPTIMISTIC,
  home: IFA_F_HOMEADDRESS,
  mngtmpaddr: IFA_F_MANAGETEMPADDR,
  noprefixroute: IFA_F_NOPREFIXROUTE,
  autojoin: IFA_F_MCAUTOJOIN,
  'stable-privacy': IFA_F_STABLE_PRIVACY,
  temporary: IFA_F_TEMPORARY,
  tentative: IFA_F_TENTATIVE,
  dadfailed: IFA_F_DADFAILED,
  deprecated: IFA_F_DEPRECATED,
};

/** IFAPROT_* */
const PROTOCOLS = { kernel_lo: 1, kernel_ra: 2, kernel_ll: 3 } as const;

/** Reads `10.9.0.3/24 brd 10.9.0.255 label eth0:web valid_lft 3600 preferred_lft 1800`, the notation of `ip addr add`. A label that is not said is null. */
export function parseAddress(line: string): DescribedAddress {
  const words = wordsOf(line);
  const { family, address: local, length } = prefixOf(words.take('an address'), 'an address');
  const fields = {
    prefixLength: length,
    peer: null as string | null,
    broadcast: null as string | null,
    label: null as string | null,
    scope: 0,
    flags: 0,
    metric: null as number | null,
    protocol: null as number | null,
    validLifetimeS: null as number | null,
    preferredLifetimeS: null as number | null,
  };
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    words.take('a word');
    const flag = FLAGS[word];
    if (flag !== undefined) {
      fields.flags |= flag;
      continue;
    }
    switch (word) {
      case 'peer': {
        const peer = prefixOf(words.take('the peer'), 'the peer');
        if (peer.family !== family) throw new NotationError(`the peer must be an IPv${family} address`);
        fields.peer = peer.address;
        fields.prefixLength = peer.length;
        break;
      }
      case 'brd':
        fields.broadcast = words.ip('the broadcast address', 4);
        break;
      case 'label':
        fields.label = words.take('the label');
        break;
      case 'scope':
        fields.scope = numberOf(words.take('the scope'), SCOPES, 'the scope');
        break;
      case 'metric':
        fields.metric = words.number('the metric');
        break;
      case 'proto':
        fields.protocol = numberOf(words.take('the protocol'), PROTOCOLS, 'the protocol');
        break;
      case 'valid_lft':
        fields.validLifetimeS = words.number('the valid lifetime');
        break;
      case 'preferred_lft':
        fields.preferredLifetimeS = words.number('the preferred lifetime');
        break;
      default:
        throw new NotationError(`"${word}" is not known of an address`);
    }
  }
  if (fields.validLifetimeS !== null) fields.preferredLifetimeS ??= fields.validLifetimeS;
  return { family, local, ...fields };
}
