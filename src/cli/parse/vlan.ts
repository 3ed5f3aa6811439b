import { MAX_VLAN, MIN_VLAN } from '../../domain/port-spec.ts';
import { countOf } from './count.ts';
import { usageError } from './usage-error.ts';

/** Reads the tag of a port. Throws `USAGE`. */
export const parseVlan: (text: string) => number = countOf('VLAN', MIN_VLAN, MAX_VLAN);

/** Reads `0,10,20-29`; 0 stands for frames without a tag. Throws `USAGE`. */
export function parseVlans(text: string): readonly number[] {
  const expected = `VLANs from ${MIN_VLAN} to ${MAX_VLAN} like 10,20-29; 0 stands for frames without a tag`;
  const vlans = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^ *(\d{1,4})(?: *- *(\d{1,4}))? *$/.exec(part);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || to > MAX_VLAN) throw usageError('not a list of VLANs', { expected, got: text });
    if (to < from) {
      throw usageError('not a list of VLANs', { expected, got: text, advice: `did you mean ${to}-${from}?` });
    }
    for (let vlan = from; vlan <= to; vlan += 1) vlans.add(vlan);
  }
  return [...vlans].toSorted((a, b) => a - b);
}
