import type { ScenarioResult } from '../result.ts';
import { describeEntry } from './entry-text.ts';
import { formatPlace } from './source-line.ts';

/** What is reported: the results of the files that could be read, and why the others could not. */
export interface JunitInput {
  readonly results: readonly ScenarioResult[];
  readonly badFiles: readonly { readonly file: string; readonly message: string }[];
}

/** Entries of the time line that a failure shows. */
const LAST_STEPS = 10;

/** JUnit XML as CI servers read it: one suite, one case a scenario; times are wall-clock seconds. */
export function formatJunit({ results, badFiles }: JunitInput): string {
  const counts = {
    tests: results.length + badFiles.length,
    failures: results.filter(({ mismatches }) => mismatches.length > 0).length,
    errors: badFiles.length,
    skipped: results.filter(({ skipped }) => skipped !== null).length,
    time: seconds(results.reduce((sum, { tookMs }) => sum + tookMs, 0)),
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    open('testsuites', { name: 'ovs-uplink replay', ...counts }),
    `  ${open('testsuite', { name: 'scenarios', ...counts })}`,
    ...results.flatMap(formatResult),
    ...badFiles.flatMap(({ file, message }) => [
      `    ${open('testcase', { classname: file, name: file, file, time: seconds(0) })}`,
      `      ${open('error', { type: 'USAGE', message })}</error>`,
      '    </testcase>',
    ]),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function formatResult(result: ScenarioResult): readonly string[] {
  const { scenario, tookMs, skipped, mismatches } = result;
  const { file, line } = scenario.place;
  const head = open('testcase', { classname: file, name: scenario.name, file, line, time: seconds(tookMs) });
  const steps = lastSteps(result);
  const body = [
    ...(skipped === null ? [] : [`      ${open('skipped', { message: skipped })}</skipped>`]),
    ...mismatches.map(mismatch => {
      const { what, expected, got, place } = mismatch;
      const message = `${what}: expected ${expected}, got ${got}`;
      const text = `${formatPlace(place)}\nexpected: ${expected}\ngot: ${got}\n${steps}`;
      return `      ${open('failure', { type: 'mismatch', message })}${escapeXml(text)}</failure>`;
    }),
  ];
  return [`    ${head}`, ...body, '    </testcase>'];
}

function lastSteps({ timeline }: ScenarioResult): string {
  return timeline
    .slice(-LAST_STEPS)
    .map(entry => `${entry.atMs.toFixed(1)} ms ${describeEntry(entry).mark} ${describeEntry(entry).text}\n`)
    .join('');
}

function open(name: string, attributes: Readonly<Record<string, string | number>>): string {
  const text = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value), true)}"`);
  return `<${name}${text.join('')}>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Characters that XML 1.0 (§2.2) has no way to write become `\u{…}`; line ends and tabs survive in an attribute only as references. */
function escapeXml(text: string, isAttribute = false): string {
  const escaped = text
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, c => (/[\t\n\r]/.test(c) ? c : `\\u{${c.codePointAt(0)!.toString(16)}}`))
    .replace(/[&<>"]/g, c => ENTITIES[c]!)
    .replaceAll('\r', '&#13;');
  return isAttribute ? escaped.replaceAll('\n', '&#10;').replaceAll('\t', '&#9;') : escaped;
}
