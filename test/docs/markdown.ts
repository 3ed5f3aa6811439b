import { readdir, readFile } from 'node:fs/promises';

/** A page for people. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** The README and everything in docs/. */
export async function readPages(): Promise<readonly Page[]> {
  const names = (await readdir('docs')).filter(name => name.endsWith('.md')).sort();
  const paths = ['README.md', ...names.map(name => `docs/${name}`)];
  return await Promise.all(paths.map(async path => ({ path, text: await readFile(path, 'utf8') })));
}

/** Contents of fenced blocks in a language. */
export function blocksOf({ text }: Page, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , body = '']) => body);
}

/** What stands between backticks outside of fenced blocks. */
export function spansOf(text: string): readonly string[] {
  return [...text.replace(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf({ text }: Page): readonly string[] {
  return [...text.replace(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
