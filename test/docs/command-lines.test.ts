import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram, type Invocation } from '../../src/cli/build-program.ts';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { loadConfig } from '../../src/cli/config/load-config.ts';
import { splitArguments } from '../../src/cli/parse/split-arguments.ts';
import { resolveSettings } from '../../src/cli/resolve-settings.ts';
import { COMMON_SETTINGS, longFlagOf, SETTING_SPECS } from '../../src/cli/setting-specs.ts';
import { blocksOf, type Page, readPages, spansOf } from './markdown.ts';

const PAGES = await readPages();
const COMMAND = /^(?:bin\/)?ovs-uplink (?=[a-z-])/;

/** Command lines of ours: lines of shell blocks, indented lines, and what stands between backticks. */
function commandLinesOf(page: Page): readonly string[] {
  const lines = [...blocksOf(page, 'sh').flatMap(block => block.split('\n')), ...page.text.split('\n').map(indented)];
  return [...lines, ...spansOf(page.text)]
    .map(line =>
      line
        .trim()
        .replace(/\s+#.*$/, '')
        .replace(/^ip netns exec \w+ /, ''),
    )
    .filter(line => COMMAND.test(line));
}

function indented(line: string): string {
  return line.startsWith('    ') ? line : '';
}

/** Parses without running anything; rejects as the program does. */
async function parse(argv: readonly string[]): Promise<void> {
  const invocations: Invocation[] = [];
  const program = buildProgram({
    version: '0',
    writeOut: () => {},
    invoke: invocation => invocations.push(invocation),
  });
  program.parse(argv, { from: 'user' });
  const [{ command, given, operands }] = invocations as [Invocation];
  // A command's bare name is a mention of it.
  if (argv.length > 1) await resolveSettings(given, undefined, command.required);
  if (command.name === 'record' && operands.length > 0) await parse(operands);
}

describe.each(PAGES)('$path', page => {
  it('has only command lines that parse', async () => {
    const wrong: string[] = [];
    for (const line of commandLinesOf(page)) {
      await parse(splitArguments(line.replace(COMMAND, ''))).catch(error => wrong.push(`${line}: ${error.message}`));
    }
    expect(wrong).toEqual([]);
  });

  it('names only options that exist, with values that can be read', () => {
    const specs = [...new Set([...COMMANDS.flatMap(({ settings }) => settings), ...COMMON_SETTINGS])];
    const wrong: string[] = [];
    for (const span of spansOf(page.text).filter(text => /^--(?!help$)[a-z]/.test(text))) {
      const [flag = '', ...values] = span.split(' ');
      const name = specs.find(one => longFlagOf(one) === flag);
      if (name === undefined) wrong.push(span);
      // `CODE`, `FILE`: to be filled in.
      for (const value of values.filter(text => !/^[A-Z]+$/.test(text))) {
        try {
          if (name !== undefined) SETTING_SPECS[name].parse?.(value);
        } catch (error) {
          wrong.push(`${span}: ${(error as Error).message}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('docs/coexistence.md', () => {
  it('has an example of a configuration file, which loads', async () => {
    const page = PAGES.find(({ path }) => path === 'docs/coexistence.md');
    const examples = page === undefined ? [] : blocksOf(page, 'yaml');
    expect(examples).not.toEqual([]);
    const folder = await mkdtemp(join(tmpdir(), 'ovs-uplink-docs-'));
    try {
      for (const example of examples) {
        await writeFile(join(folder, 'config.yaml'), example);
        expect(Object.keys(await loadConfig(join(folder, 'config.yaml')))).not.toEqual([]);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
