/** Options and operands of a command line. */
export interface ParsedOptions {
  /** The value of an option that takes one, `''` for one that was given without; the last one wins. */
  readonly values: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

/** How a program's options are written, as getopt_long(3) is told. */
export interface OptionSyntax {
  /** Letters of the options with a value. */
  readonly withValue: string;
  /** Letters of those whose value, if any, stands in the same word. */
  readonly withOptionalValue?: string;
  /** Long names, and the letter that each stands for. */
  readonly long?: Readonly<Record<string, string>>;
}

/** Reads arguments (without the program) as getopt_long(3) does: `-i eth0`, `-ieth0`, `-fi eth0`, `--interface=eth0`, `--`. */
export function parseOptions(args: readonly string[], syntax: OptionSyntax): ParsedOptions {
  const values = new Map<string, string>();
  const operands: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--') {
      operands.push(...args.slice(index + 1));
      break;
    }
    if (word.startsWith('--')) {
      const [name = '', value] = splitOnce(word.slice(2));
      const letter = syntax.long?.[name];
      if (letter === undefined) continue;
      const needsNext = value === undefined && syntax.withValue.includes(letter);
      if (needsNext) index += 1;
      values.set(letter, value ?? (needsNext ? (args[index] ?? '') : ''));
      continue;
    }
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      continue;
    }
    for (let at = 1; at < word.length; at += 1) {
      const letter = word[at] ?? '';
      const rest = word.slice(at + 1);
      if (syntax.withOptionalValue?.includes(letter)) {
        values.set(letter, rest);
        break;
      }
      if (!syntax.withValue.includes(letter)) {
        values.set(letter, '');
        continue;
      }
      if (rest === '') index += 1;
      values.set(letter, rest === '' ? (args[index] ?? '') : rest);
      break;
    }
  }
  return { values, operands };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
