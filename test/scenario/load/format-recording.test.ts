import { describe, expect, it } from 'vitest';
import { formatRecording } from '../../../src/scenario/load/format-recording.ts';
import { createHostReader } from '../../../src/scenario/load/host-reader.ts';
import { parseScenarios } from '../../../src/scenario/load/parse-scenario.ts';
import type { RecordedEntry, Recording } from '../../../src/scenario/scenario.ts';

function recordingOf(entries: readonly RecordedEntry[], changes: Partial<Recording> = {}): Recording {
  return {
    kind: 'Recording',
    name: 'Node 7, Friday',
    title: 'A migration of eth0 that ended committed',
    failures: ['F-02'],
    upstream: [],
    guards: null,
    expected: 'Line one.\nLine two: with a colon.',
    place: { file: 'x.yaml', line: 1, column: 1 },
    machine: 'uplink-migration',
    header: { program: '0.1.0', kernel: '6.18.1', anonymized: true },
    input: { request: { uplink: 'eth0', probes: [], confirmWithinMs: null }, linkFiles: 'a\n\tb\n' },
    entries,
    ...changes,
  };
}

async function reread(recording: Recording): Promise<unknown> {
  const [read] = await parseScenarios(formatRecording(recording), 'any name.yaml', createHostReader());
  return JSON.parse(JSON.stringify(read), (key, value: unknown) => (key === 'place' ? undefined : value));
}

function withoutPlaces(recording: Recording): unknown {
  return JSON.parse(JSON.stringify(recording), (key, value: unknown) => (key === 'place' ? undefined : value));
}

const ENTRIES: readonly RecordedEntry[] = [
  { atMs: 0, state: 'assessing' },
  { atMs: 0.25, event: { type: 'netlink.link.changed', link: { name: 'eth0', altnames: ['enp3s0'], index: 2 } } },
  {
    atMs: 12.5,
    effect: { op: 'altname.remove', link: { index: 2, name: 'eth0~' }, altname: 'eth0' },
    failure: { code: 'NETLINK_REFUSED', what: 'cannot remove altname', errno: 524, errnoName: 'errno 524', extAck: '' },
  },
  { atMs: 13, effect: { op: 'announce', link: { index: 2, name: 'eth0' }, addresses: [] }, failure: null },
];

describe('a recording as a file', () => {
  it('loads again to the same', async () => {
    const recording = recordingOf(ENTRIES);
    expect(await reread(recording)).toEqual(withoutPlaces(recording));
  });

  it('has one line for each entry, whatever its texts hold', () => {
    const long = `${'a long line of words '.repeat(20)}\nand another\n`;
    const text = formatRecording(recordingOf([...ENTRIES, { atMs: 14, event: { type: 'x', output: long } }]));
    const lines = text
      .slice(text.indexOf('\nentries:\n') + '\nentries:\n'.length)
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(ENTRIES.length + 1);
    for (const line of lines) expect(line).toMatch(/^ {2}- \{ atMs: .* \}$/);
  });

  it.each<[string, unknown]>([
    [
      'words that YAML reads as something else',
      ['true', 'null', '~', '0x1f', '1e3', '12:30', '.nan', '', ' x ', '- a', '# a'],
    ],
    ['tags, anchors and aliases', ['!!js/function x', '&a', '*a', '<<', '%YAML', '---', `\${errno}`, '@', '`']],
    ['quotes and brackets', ['"', "'", '{}', '[a, b]', 'a: b', 'a #b', '\\', '\\n']],
    [
      'characters that are not printed',
      ['\u0000\u0001\u001b[31m', '\u007f', '\u0085', '\u009b', '\ufeff', '\uffff', '\ud800', '\u2028'],
    ],
    ['keys of every kind', { '': 1, '1': 2, true: 3, '~': 4, '<<': 5, '? a': 6, 'a\nb': 7, '\u009b': 8, [`\${x}`]: 9 }],
    ['numbers', [0, -1, 1.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER]],
    ['values that are there twice', [{ a: [1] }, { a: [1] }]],
  ])('keeps %s', async (_title, value) => {
    const recording = recordingOf([{ atMs: 1, event: { type: 'x', value } }], { header: { value } });
    expect(await reread(recording)).toEqual(withoutPlaces(recording));
  });

  it('shares what is the same object, without an alias', async () => {
    const shared = { name: 'eth0' };
    const recording = recordingOf([{ atMs: 1, event: { type: 'x', a: shared, b: shared } }]);
    expect(await reread(recording)).toEqual(withoutPlaces(recording));
  });

  it('knows where each entry stands', async () => {
    const text = formatRecording(recordingOf(ENTRIES));
    const [read] = await parseScenarios(text, 'x.yaml', createHostReader());
    const places = (read as Recording).entries.map(entry => entry.place!);
    expect(places.map(({ line, column }) => text.split('\n')[line - 1]!.slice(column - 1, column + 6))).toEqual(
      ENTRIES.map(() => '{ atMs:'),
    );
  });
});
