import { describe } from 'vitest';
import { labNeeds } from './lab.ts';

/** A `describe` for tests that need a lab: where none can be made they are skipped, and title and log say why. */
export function describeLive(title: string, tests: () => void, moreNeeds: readonly string[] = []): void {
  const needs = [...labNeeds(), ...moreNeeds];
  if (needs.length === 0) {
    describe(title, tests);
    return;
  }
  console.warn(`SKIPPED ${title}: ${needs.join('; ')}`);
  describe.skip(`${title} [skipped: ${needs.join('; ')}]`, tests);
}
