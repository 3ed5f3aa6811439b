import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MOVE_FINDING_CODES } from '../../src/domain/move/finding-codes.ts';
import { FINDING_CODES, type FindingMeaning } from '../../src/domain/precheck/index.ts';
import { ERROR_CODES } from '../../src/scenario/load/vocabulary/error-codes.ts';
import { entriesOf, isMade } from './entries.ts';

const ENTRIES = entriesOf(await readFile('docs/troubleshooting.md', 'utf8'));
const FINDINGS = ENTRIES.filter(({ codes }) => /^[a-z]/.test(codes[0] ?? ''));
const FAILURES = ENTRIES.filter(({ codes }) => /^[A-Z]/.test(codes[0] ?? ''));
const ASSESS = await readFile('src/engine/migration/assess.ts', 'utf8');
const SOURCES = await readSources('src');

/** Of the pre-check and of `doctor`, and those about a journal that is there already. */
function kindsOfFindings(): Readonly<Record<string, string>> {
  const meanings = { ...FINDING_CODES, ...MOVE_FINDING_CODES };
  const checked = Object.entries<FindingMeaning>(meanings).map(([code, { severity, acceptable }]) => {
    return [code, acceptable === false ? `${severity}, final` : severity];
  });
  const assessed = [...ASSESS.matchAll(/code: '([a-z-]+)',\s*severity: '(\w+)'/g)].map(([, code, severity]) => {
    return [code, severity === 'blocking' ? 'blocking, final' : severity];
  });
  return Object.fromEntries([...checked, ...assessed]);
}

async function readSources(root: string): Promise<readonly string[]> {
  const names = await readdir(root, { recursive: true });
  // The simulated host says the same in other places.
  const paths = names.filter(name => name.endsWith('.ts') && !name.startsWith('host/simulated'));
  return await Promise.all(paths.map(name => readFile(join(root, name), 'utf8')));
}

describe('docs/troubleshooting.md', () => {
  it('has one entry for each finding, with its severity, and none for a finding that does not exist', () => {
    const kinds = kindsOfFindings();
    expect(FINDINGS.flatMap(({ codes }) => codes).sort()).toEqual(Object.keys(kinds).sort());
    for (const { codes, kind } of FINDINGS)
      for (const code of codes) expect(`${code}: ${kind}`).toBe(`${code}: ${kinds[code]}`);
  });

  it('has one entry for each code of a failure, and none for one that does not exist', () => {
    expect(FAILURES.flatMap(({ codes }) => codes).sort()).toEqual([...ERROR_CODES].sort());
  });

  it('says the exit codes of each failure', () => {
    for (const { codes, kind } of FAILURES) expect(`${codes}: ${kind}`).toMatch(/: [1-6](, [1-6])*$/);
  });

  it('quotes each message as the program says it', () => {
    const invented = ENTRIES.flatMap(({ codes, forms }) =>
      forms.filter(form => !isMade(form, codes, SOURCES)).map(form => `${codes}: ${form}`),
    );
    expect(invented).toEqual([]);
  });

  it('has a message for each finding', () => {
    expect(FINDINGS.filter(({ forms }) => forms.length === 0)).toEqual([]);
  });
});
