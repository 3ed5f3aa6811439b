import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { formatJunit } from '../../../src/scenario/report/junit.ts';
import { sampleMismatch, sampleResult, sampleScenario, statesOf } from './sample-result.ts';

const HOSTILE = 'a<b> & "c" \'d\' ]]> \u0007\u001b[31m \ud800 \ufffe ä\n\tend';

/** What an XML reader that is not ours makes of it. */
function read(xml: string): { readonly attributes: Record<string, string>; readonly cases: Case[] } {
  const program = `
import json, sys, xml.etree.ElementTree as T
root = T.fromstring(sys.stdin.buffer.read())
cases = [{'attributes': c.attrib, 'children': [{'tag': e.tag, 'attributes': e.attrib, 'text': e.text or ''} for e in c]} for c in root.iter('testcase')]
print(json.dumps({'attributes': root.attrib, 'cases': cases}))`;
  return JSON.parse(execFileSync('python3', ['-c', program], { input: xml, encoding: 'utf8' }));
}

interface Case {
  readonly attributes: Record<string, string>;
  readonly children: readonly {
    readonly tag: string;
    readonly attributes: Record<string, string>;
    readonly text: string;
  }[];
}

// A reader of XML that is not ours.
const hasReader = spawnSync('python3', ['-c', 'import xml.etree.ElementTree']).status === 0;
if (!hasReader) console.warn('SKIPPED the JUnit report: python3 is missing');

describe.skipIf(!hasReader)('the JUnit report', () => {
  it('counts, names and explains every scenario to a reader of XML', () => {
    const failed = sampleResult({
      scenario: sampleScenario({ name: 'goes-wrong' }),
      mismatches: [sampleMismatch(), sampleMismatch({ what: 'never state stranded' })],
      timeline: statesOf(12),
      tookMs: 1234,
    });
    const skipped = sampleResult({ scenario: sampleScenario({ name: 'cannot' }), skipped: 'no lab' });
    const badFiles = [{ file: 'bad.yaml', message: 'bad.yaml:1:1: broken' }];
    const { attributes, cases } = read(formatJunit({ results: [sampleResult(), failed, skipped], badFiles }));
    expect(attributes).toMatchObject({ tests: '4', failures: '1', errors: '1', skipped: '1', time: '1.234' });
    expect(cases.map(each => [each.attributes['name'], each.children.map(({ tag }) => tag)])).toEqual([
      ['a-sample', []],
      ['goes-wrong', ['failure', 'failure']],
      ['cannot', ['skipped']],
      ['bad.yaml', ['error']],
    ]);
    const [failure] = cases[1]!.children;
    expect(failure!.attributes['message']).toBe('the result: expected committed, got rolledBack');
    expect(failure!.text).toContain('nowhere.yaml:1:1');
    expect(failure!.text).toContain('state11');
    expect(failure!.text).not.toContain('state1\n');
  });

  it('is valid XML whatever a text holds, and the text survives but for what XML cannot hold', () => {
    const failed = sampleResult({
      scenario: sampleScenario({ name: HOSTILE }),
      mismatches: [sampleMismatch({ got: HOSTILE })],
    });
    const [testcase] = read(formatJunit({ results: [failed], badFiles: [] })).cases;
    const survived = 'a<b> & "c" \'d\' ]]> \\u{7}\\u{1b}[31m \\u{d800} \\u{fffe} ä\n\tend';
    expect(testcase!.attributes['name']).toBe(survived);
    expect(testcase!.children[0]!.text).toContain(survived);
  });
});
