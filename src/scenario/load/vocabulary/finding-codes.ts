import { FINDING_CODES } from '../../../domain/precheck/finding-codes.ts';

/** Codes of the pre-check and of `doctor`. */
const CHECKED = Object.keys(FINDING_CODES);

/** Every code that a run may tell: those of its own, about a journal that is there, come from `assess.ts`. */
export const TOLD_FINDINGS: readonly string[] = [
  ...CHECKED,
  'already-migrated',
  'bond-uplink-gone',
  'drift',
  'journal-of-another-host',
  'unfinished-migration',
];

/** What a migration can be made to accept. */
export const ACCEPTED_BY_MIGRATE: readonly string[] = CHECKED;

/** What the way back can be made to accept: that ports of others go with the bridge. */
export const ACCEPTED_BY_RESTORE: readonly string[] = [...CHECKED, 'foreign-ports'];
