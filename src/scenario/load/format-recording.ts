import { Document, isCollection, isSeq, visit } from 'yaml';
import type { Recording } from '../scenario.ts';

/** What a text must not hold as it is, although JSON does not escape it either. */
const UNPRINTABLE = /[\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]/g;

/** Writes a recording as a file that {@link loadScenarios} reads to the same: keys in blocks, one line for each entry. */
export function formatRecording(recording: Recording): string {
  const { kind, name, title, failures, upstream, guards, expected, machine, header, input, entries } = recording;
  const document = new Document(
    {
      apiVersion: 'ovs-uplink/v1',
      kind,
      name,
      title,
      ...(failures.length > 0 && { failures }),
      ...(upstream.length > 0 && { upstream }),
      ...(guards !== null && { guards }),
      ...(expected !== null && { expected }),
      machine,
      header,
      input,
      entries: entries.map(({ place: _place, ...entry }) => entry),
    },
    { aliasDuplicateObjects: false, schema: 'core' },
  );
  const lines = document.get('entries');
  if (isSeq(lines)) {
    for (const line of lines.items) if (isCollection(line)) line.flow = true;
  }
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && node.value.search(UNPRINTABLE) >= 0) node.type = 'QUOTE_DOUBLE';
    },
  });
  // Nothing is folded: an entry stays on its line.
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
  return text.replace(UNPRINTABLE, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
