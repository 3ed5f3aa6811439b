import type { RunOutcome } from '../../engine/run.ts';
import { describeFailure } from '../../errors.ts';
import { formatDuration } from '../parse/duration.ts';
import { type Palette, visible } from '../terminal/palette.ts';

/** How a run ended, as lines: the result, why, and what a person must do. `wanted` says which result is good. */
export function renderOutcome(
  outcome: RunOutcome,
  wanted: 'committed' | 'rolledBack' | 'either',
  palette: Palette,
): readonly string[] {
  const { result, uplink, alreadyDone, failure, failedIn, pendingRows, unguarded, advice, durationMs } = outcome;
  const isWanted = wanted === 'either' ? result === 'committed' || result === 'rolledBack' : result === wanted;
  const mark = isWanted ? palette.good : palette.bad;
  const lines = [`${mark(visible(sentence(outcome)))}${alreadyDone ? '' : ` (${formatDuration(durationMs)})`}`];
  if (failure !== null) {
    const where = failedIn === null ? '' : `in ${failedIn}: `;
    lines.push(`  ${visible(where + describeFailure(failure))}`);
  }
  if (result === 'refused' && failure === null) {
    const codes = outcome.findings.filter(finding => finding.severity === 'blocking').map(finding => finding.code);
    if (codes.length > 0) lines.push(`  because of ${visible(codes.join(', '))}`);
  }
  if (pendingRows) {
    lines.push(
      `  Open vSwitch did not answer and has not let go of ${visible(uplink)} yet; ovs-uplink recover ends it once it does`,
    );
  }
  if (unguarded !== null) {
    const { advice: _said, ...what } = unguarded;
    lines.push(`  ${palette.warn('unguarded:')} ${visible(describeFailure(what))}`);
  }
  for (const text of advice) lines.push(`  ${palette.warn('do:')} ${visible(text)}`);
  return lines;
}

function sentence({ result, uplink, alreadyDone, uplinkGone }: RunOutcome): string {
  switch (result) {
    case 'committed':
      return alreadyDone
        ? `committed before: ${uplink} is on the bridge, nothing to do`
        : `committed: ${uplink} is on the bridge`;
    case 'refused':
      return `refused: nothing was changed on ${uplink}`;
    case 'rolledBack':
      if (uplinkGone) return `rolled back: ${uplink} is gone, all else is as before`;
      return alreadyDone
        ? `rolled back before: ${uplink} is as it was, nothing to do`
        : `rolled back: ${uplink} is as before`;
    case 'stranded':
      return `stranded: ${uplink} could not be put back, a person is needed`;
  }
}
