import type { MoveOutcome } from '../../engine/move/run.ts';
import type { MoveReport } from '../../engine/move/status.ts';
import { describeFailure } from '../../errors.ts';
import { formatDuration } from '../parse/duration.ts';
import { type Palette, visible } from '../terminal/palette.ts';

/** How a move ended, as lines: the result, why, and what a person must do. `wanted` says which result is good. */
export function renderMove(outcome: MoveOutcome, wanted: 'inUse' | 'restored', palette: Palette): readonly string[] {
  const { result, alreadyDone, failure, failedIn, advice, durationMs } = outcome;
  const mark = result === wanted ? palette.good : palette.bad;
  const lines = [`${mark(visible(sentence(outcome)))}${alreadyDone ? '' : ` (${formatDuration(durationMs)})`}`];
  if (failure !== null) {
    const where = failedIn === null ? '' : `in ${failedIn}: `;
    const { advice: _said, ...what } = failure;
    lines.push(`  ${visible(where + describeFailure(what))}`);
  }
  if (result === 'refused' && failure === null) {
    const codes = outcome.findings.filter(finding => finding.severity === 'blocking').map(finding => finding.code);
    if (codes.length > 0) lines.push(`  because of ${visible(codes.join(', '))}`);
  }
  for (const text of advice) lines.push(`  ${palette.warn('do:')} ${visible(text)}`);
  return lines;
}

function sentence({ result, link, netns, name, alreadyDone, linkGone, isOver }: MoveOutcome): string {
  switch (result) {
    case 'inUse':
      return `${alreadyDone ? 'moved before' : 'moved'}: ${link} is ${name} in ${netns}`;
    case 'refused':
      return `refused: nothing was changed on ${link}`;
    case 'restored':
      if (isOver) return `${link} came home with the boot of this host: as the boot has made it`;
      return linkGone ? `${link} exists no more: there is nothing to bring home` : `${link} is home, as before`;
    case 'stranded':
      return `stranded: ${link} could not be brought home, a person is needed`;
  }
}

const PLACES = {
  home: 'it is here',
  target: 'it is there',
  transit: 'it is in a namespace of ours, half way',
} as const;

/** One link that was moved. */
export function renderMoveReport(report: MoveReport, palette: Palette): readonly string[] {
  const { link, stage, netns, name, id, place, calledThere, up, namespaceGone, attachment, failure } = report;
  const isWell = stage === 'inUse' && place === 'target' && calledThere === name && up === true && failure === null;
  const mark = isWell ? palette.strong : palette.warn;
  const lines = [`${mark(visible(link))}: ${visible(`moved to ${netns} as ${name}, ${stage}, id ${id}`)}`];
  if (attachment !== null) {
    const { network, containerId, ifname } = attachment;
    lines.push(`  ${visible(`for container ${containerId}, network ${network}, interface ${ifname}`)}`);
  }
  if (namespaceGone) lines.push(`  ${palette.warn('its namespace is gone')}: ovs-uplink recover brings it home`);
  if (place === null) lines.push(`  ${palette.warn('it is nowhere')}: it went with its namespace, or was unplugged`);
  else if (!isWell) {
    const how = `${PLACES[place]}, called ${calledThere}, ${up === true ? 'up' : 'down'}`;
    lines.push(`  ${palette.warn(visible(how))}`);
  }
  if (failure !== null) lines.push(`  ${palette.bad(visible(describeFailure(failure)))}`);
  return lines;
}
