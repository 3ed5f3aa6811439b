import type { ChartRule } from '../rule.ts';
import { failureMisled, failureUnanswered, reasonUnrecorded, verdictIgnored } from './failures.ts';
import { childUnheard, eventUnnoted, resultDropped } from './hearing.ts';
import { loopUnbounded } from './loops.ts';
import { nameLeftOver, nameMissing, nameUnprovided } from './names.ts';
import { goalUnreachable } from './progress.ts';
import { kindUnproven, stateDead, stateUnreachable } from './reaching.ts';
import { requirementSkipped } from './requirements.ts';
import { resumeAstray } from './resume.ts';
import { inverseMissing, stepMisplaced } from './steps.ts';
import { endOpen, endUntagged, transitionShadowed, wildcardBare } from './transitions.ts';
import { deadlineMissing, decisionOpen, errorUnanswered } from './waiting.ts';
import { wayBackBroken, wayBackEarly, wayBackFails, wayBackShort } from './way-back.ts';

/** Every proof, in the order of the report. Their codes are stable. */
export const CHART_RULES: readonly ChartRule[] = [
  kindUnproven,
  stateUnreachable,
  stateDead,
  goalUnreachable,
  errorUnanswered,
  deadlineMissing,
  decisionOpen,
  loopUnbounded,
  wildcardBare,
  transitionShadowed,
  endOpen,
  endUntagged,
  nameMissing,
  nameUnprovided,
  nameLeftOver,
  eventUnnoted,
  resultDropped,
  childUnheard,
  verdictIgnored,
  failureUnanswered,
  failureMisled,
  reasonUnrecorded,
  inverseMissing,
  stepMisplaced,
  requirementSkipped,
  resumeAstray,
  wayBackShort,
  wayBackEarly,
  wayBackBroken,
  wayBackFails,
];
