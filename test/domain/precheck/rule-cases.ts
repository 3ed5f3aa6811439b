import type { FindingCode, PrecheckInput } from '../../../src/domain/precheck/index.ts';

/** A host on which a rule speaks, and one much like it on which it is silent. */
export interface RuleCase {
  readonly code: FindingCode;
  readonly when: string;
  readonly host: Partial<PrecheckInput>;
  /** What the finding must name. */
  readonly culprit: string;
  /** Words that the message or the advice must have. */
  readonly says?: readonly string[];
  readonly unless: string;
  readonly quiet: Partial<PrecheckInput>;
}
