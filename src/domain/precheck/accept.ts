import type { Finding } from '../finding.ts';
import { finding, isFindingCode, meaningOf } from './finding-codes.ts';

/** Turns blocking findings that the user takes upon themselves into warnings that say so; some cannot be accepted. */
export function applyAccepted(findings: readonly Finding[], accept: readonly string[]): readonly Finding[] {
  return findings.map(found => {
    if (found.severity !== 'blocking' || !accept.includes(found.code)) return found;
    if (isFindingCode(found.code) && meaningOf(found.code).acceptable === false) {
      return { ...found, advice: `${found.advice}; --accept ${found.code} does not help` };
    }
    return { ...found, severity: 'warning', message: `${found.message} (accepted with --accept ${found.code})` };
  });
}

/** Codes to accept that do not exist: a misspelt one would otherwise be noticed only by the refusal. */
export function findUnknownAccepts(accept: readonly string[]): readonly Finding[] {
  return [...new Set(accept)]
    .filter(code => !isFindingCode(code))
    .map(code =>
      finding('accept-unknown', {
        message: `there is no finding with the code "${code}" to accept`,
        culprit: code,
        advice: 'take the code from the finding that it refuses with',
      }),
    );
}

const ORDER = { blocking: 0, warning: 1, info: 2 } as const;

/** Blocking findings first, then warnings; the order of the rules within each. */
export function sortBySeverity(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}
