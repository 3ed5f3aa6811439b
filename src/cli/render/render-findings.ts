import type { Finding } from '../../domain/finding.ts';
import { type Palette, visible } from '../terminal/palette.ts';

const ORDER = ['blocking', 'warning', 'info'] as const;

/** Findings as lines, the blocking ones first: severity, code and message, with the advice below. */
export function renderFindings(findings: readonly Finding[], palette: Palette): readonly string[] {
  return ORDER.flatMap(severity => findings.filter(finding => finding.severity === severity)).flatMap(finding =>
    renderFinding(finding, palette),
  );
}

/** One finding as one or two lines. */
export function renderFinding(finding: Finding, palette: Palette): readonly string[] {
  const mark = { blocking: palette.bad, warning: palette.warn, info: palette.dim }[finding.severity];
  const fact = finding.fact === undefined ? '' : palette.dim(` (${visible(finding.fact)})`);
  const head = `${mark(finding.severity.padEnd(8))} ${palette.strong(visible(finding.code))}: ${visible(finding.message)}${fact}`;
  return finding.advice === '' ? [head] : [head, `         ${visible(finding.advice)}`];
}

/** `2 blocking, 1 warning` */
export function countFindings(findings: readonly Finding[]): string {
  const counts = ORDER.map(severity => {
    const count = findings.filter(finding => finding.severity === severity).length;
    const plural = severity === 'warning' && count > 1 ? 's' : '';
    return { count, text: `${count} ${severity}${plural}` };
  });
  const present = counts.filter(({ count }) => count > 0);
  return present.length === 0 ? 'no findings' : present.map(({ text }) => text).join(', ');
}
