import type { Finding } from '../finding.ts';
import type { FindingMeaning } from '../precheck/finding-codes.ts';

/** Every code that the pre-check of a move can give beside those of the lists of links. Codes are public: none is ever reused with another meaning. */
export const MOVE_FINDING_CODES = {
  'move-link-missing': { severity: 'blocking', meaning: 'there is no such link in this namespace', acceptable: false },
  'move-link-other': {
    severity: 'blocking',
    meaning: 'the link of that name is not the one that was asked for',
    acceptable: false,
  },
  'move-link-away': {
    severity: 'blocking',
    meaning: 'a link of this name was moved before and has not come home',
    acceptable: false,
  },
  'move-name-invalid': { severity: 'blocking', meaning: 'the kernel takes no such link name', acceptable: false },
  'move-name-taken': {
    severity: 'blocking',
    meaning: 'another link in the target has the name, or has it as altname',
    fact: 'F-135',
    acceptable: false,
  },
  'move-altname-taken': {
    severity: 'blocking',
    meaning: 'an altname of the link is taken in the target',
    fact: 'F-137',
    acceptable: false,
  },
  'move-link-stays': {
    severity: 'blocking',
    meaning: 'the kernel lets no link of this kind leave its namespace',
    acceptable: false,
  },
  'move-route-lost': {
    severity: 'blocking',
    meaning: 'the kernel keeps a route with a leg over the link while it is down, and would not take it back',
    acceptable: false,
  },
  'move-link-in-use': { severity: 'blocking', meaning: 'the host uses the link: it would end what goes over it' },
  'move-link-sriov': {
    severity: 'blocking',
    meaning: 'the link is a virtual function, or has some: part of it is set by another link',
  },
  'move-qdisc-lost': { severity: 'warning', meaning: 'the link has a queueing discipline, which a move ends' },
} as const satisfies Readonly<Record<string, FindingMeaning>>;

/** A code of {@link MOVE_FINDING_CODES}. */
export type MoveFindingCode = keyof typeof MOVE_FINDING_CODES;

/** Makes a finding; severity and fact come from {@link MOVE_FINDING_CODES}. */
export function moveFinding(
  code: MoveFindingCode,
  text: { readonly message: string; readonly culprit: string; readonly advice: string },
): Finding {
  const { severity, fact }: FindingMeaning = MOVE_FINDING_CODES[code];
  return { code, severity, ...text, ...(fact === undefined ? {} : { fact }) };
}

/** What `--force` accepts. */
export const FORCIBLE: readonly MoveFindingCode[] = ['move-link-in-use', 'move-link-sriov'];

/** True for a finding that a user may take upon themselves. */
export function isAcceptable(code: string): boolean {
  const meanings: Readonly<Record<string, FindingMeaning>> = MOVE_FINDING_CODES;
  return meanings[code] !== undefined && meanings[code].acceptable !== false;
}
