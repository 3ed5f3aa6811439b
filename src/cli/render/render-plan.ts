import type { PlannedStep } from '../../domain/plan.ts';
import { type Palette, visible } from '../terminal/palette.ts';

/** The ordered steps of a plan, each with its changes and below it the way back. */
export function renderSteps(steps: readonly PlannedStep[], palette: Palette): readonly string[] {
  const width = String(steps.length).length;
  const indent = ' '.repeat(width + 2);
  return steps.flatMap((step, index) => {
    const number = String(index + 1).padStart(width);
    const { inverse } = step;
    return [
      `${number}. ${palette.strong(step.step)}: ${visible(step.title)}`,
      ...step.changes.map(change => `${indent}  ${visible(change)}`),
      palette.dim(`${indent}back: ${inverse.step}: ${visible(inverse.title)}`),
      ...inverse.changes.map(change => palette.dim(`${indent}      ${visible(change)}`)),
    ];
  });
}
