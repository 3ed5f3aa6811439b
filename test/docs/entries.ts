import { spansOf } from './markdown.ts';

/** One entry of docs/troubleshooting.md. */
export interface Entry {
  /** Most often one. */
  readonly codes: readonly string[];
  /** What stands in parentheses behind the codes. */
  readonly kind: string;
  /** How the message reads; `…` stands for what differs. */
  readonly forms: readonly string[];
  /** What to do. */
  readonly advice: string;
}

const ENTRY = /^- (\*\*`.*)\n((?: {2}.*\n?)*)/gm;
const HEAD = /^((?:\*\*`[\w-]+`\*\*(?:, )?)+) \(([^)]*)\): (.*)$/;

/** The entries of a page; throws for a line that begins like one and is none. */
export function entriesOf(text: string): readonly Entry[] {
  return [...text.matchAll(ENTRY)].map(([, head = '', rest = '']) => {
    const [, codes = '', kind = '', said = ''] = HEAD.exec(head) ?? [];
    if (codes === '' || !rest.startsWith('  → ')) throw new Error(`no entry: ${head}`);
    return { codes: spansOf(codes), kind, forms: spansOf(said), advice: rest };
  });
}

/** Characters of a source file between the code of a finding and its message. */
const NEAR = 1500;

/** True where a source makes such a message near one of the codes; that of a failure may stand anywhere in the file. */
export function isMade(form: string, codes: readonly string[], sources: readonly string[]): boolean {
  const parts = form.split('…').filter(part => part.trim() !== '');
  const makes = (code: string, source: string): boolean =>
    placesOf(`'${code}'`, source).some(at =>
      hasParts(parts, /^[A-Z]/.test(code) ? source : source.slice(Math.max(0, at - NEAR), at + NEAR)),
    );
  return sources.some(source => codes.some(code => makes(code, source)));
}

function placesOf(text: string, source: string): readonly number[] {
  const places: number[] = [];
  for (let at = source.indexOf(text); at >= 0; at = source.indexOf(text, at + 1)) places.push(at);
  return places;
}

/** The parts in their order. */
function hasParts(parts: readonly string[], source: string): boolean {
  let at = 0;
  for (const part of parts) {
    const found = source.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return true;
}
