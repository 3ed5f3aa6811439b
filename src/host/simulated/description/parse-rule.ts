import { networkOf } from '../../../domain/prefix.ts';
import type { Rule } from '../../../domain/rule.ts';
import { FIB_RULE_INVERT } from '../../../domain/rule.ts';
import { NotationError, numberOf, prefixOf, ROUTE_PROTOCOLS, TABLES, wordsOf } from './ip-words.ts';

type Draft = { -readonly [K in keyof Rule]: Rule[K] };

const ACTIONS: Readonly<Record<string, number>> = { nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 };
const FR_ACT_GOTO = 2;
const IP_PROTOCOLS = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/**
 * Reads `from 10.9.0.3 lookup 100 priority 1000`, the notation of `ip rule add`; the priority must be said. One rule a family: that of its
 * addresses, or the one that `-4` or `-6` in front says, or both.
 */
export function parseRule(line: string): readonly Rule[] {
  const words = wordsOf(line);
  const said = words.skip('-4') ? 4 : words.skip('-6') ? 6 : undefined;
  const families = new Set<4 | 6>(said === undefined ? [] : [said]);
  const rule: Omit<Draft, 'family'> = {
    priority: -1,
    action: 1,
    table: 254,
    from: null,
    to: null,
    tos: 0,
    iif: null,
    oif: null,
    fwmark: null,
    fwmask: null,
    goto: null,
    suppressPrefixLength: null,
    suppressGroup: null,
    l3mdev: false,
    uidRange: null,
    ipProtocol: null,
    sourcePorts: null,
    destinationPorts: null,
    protocol: 0,
    flags: 0,
  };
  const prefix = (what: string): string | null => {
    const word = words.take(what);
    if (word === 'all') return null;
    const { family, address, length } = prefixOf(word, what);
    families.add(family);
    return networkOf(address, length);
  };
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    words.take('a word');
    switch (word) {
      case 'not':
        rule.flags |= FIB_RULE_INVERT;
        break;
      case 'from':
        rule.from = prefix('the source');
        break;
      case 'to':
        rule.to = prefix('the destination');
        break;
      case 'iif':
        rule.iif = words.take('the link');
        break;
      case 'oif':
        rule.oif = words.take('the link');
        break;
      case 'tos':
        rule.tos = words.number('the tos', 255);
        break;
      case 'fwmark': {
        const [mark = '', mask = '0xffffffff'] = words.take('the mark').split('/');
        rule.fwmark = wordsOf(mark).number('the mark');
        rule.fwmask = wordsOf(mask).number('the mask');
        break;
      }
      case 'ipproto':
        rule.ipProtocol = numberOf(words.take('the protocol'), IP_PROTOCOLS, 'the protocol');
        break;
      case 'sport':
        rule.sourcePorts = range(words.take('the ports'));
        break;
      case 'dport':
        rule.destinationPorts = range(words.take('the ports'));
        break;
      case 'uidrange':
        rule.uidRange = range(words.take('the user ids'));
        break;
      case 'suppress_prefixlength':
        rule.suppressPrefixLength = words.number('the prefix length', 128);
        break;
      case 'lookup':
        rule.table = numberOf(words.take('the table'), TABLES, 'the table');
        break;
      case 'goto':
        rule.goto = words.number('the priority to go to');
        rule.action = FR_ACT_GOTO;
        break;
      case 'priority':
        rule.priority = words.number('the priority');
        break;
      case 'proto':
        rule.protocol = numberOf(words.take('the protocol'), ROUTE_PROTOCOLS, 'the protocol');
        break;
      default: {
        const action = ACTIONS[word];
        if (action === undefined) throw new NotationError(`"${word}" is not known of a rule`);
        rule.action = action;
      }
    }
  }
  if (rule.priority < 0) throw new NotationError(`the rule "${line}" has no priority`);
  if (families.size > 1) throw new NotationError(`the rule "${line}" mixes IPv4 and IPv6`);
  if (rule.action !== 1) rule.table = 0;
  return (families.size === 0 ? ([4, 6] as const) : [...families]).map(family => ({ family, ...rule }));
}

function range(word: string): { start: number; end: number } {
  const match = /^(\d+)(?:-(\d+))?$/.exec(word);
  if (match === null) throw new NotationError(`a range must be like 1000-2000, not "${word}"`);
  return { start: Number(match[1]), end: Number(match[2] ?? match[1]) };
}
