/** One part of a pattern: any text, any character, one of some, or this very one. */
type Part = '*' | ((character: string) => boolean);

/**
 * glob(7) over a whole text: `*`, `?`, `[a-z]`, `[!a-z]`; nothing is special about a slash or a dot. Without a regular expression: the time stays
 * within pattern times text, whatever the pattern.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = [...glob.matchAll(/\[!?[^\]]+\]|[\s\S]/gu)].map(([part]) => partOf(part));
  const characters = [...text];
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (next < characters.length) {
    const part = parts[at];
    if (part === '*') {
      star = at;
      at += 1;
      resume = next;
    } else if (part?.(characters[next] ?? '') === true) {
      at += 1;
      next += 1;
    } else if (star >= 0) {
      resume += 1;
      next = resume;
      at = star + 1;
    } else return false;
  }
  while (parts[at] === '*') at += 1;
  return at === parts.length;
}

function partOf(part: string): Part {
  if (part === '*') return '*';
  if (part === '?') return () => true;
  if (part.length < 3 || !part.startsWith('[')) return character => character === part;
  const isNegated = part.startsWith('[!');
  const choices = [...part.slice(isNegated ? 2 : 1, -1).matchAll(/([\s\S])-([\s\S])|[\s\S]/gu)];
  return character =>
    choices.some(([one, from, to]) =>
      from === undefined || to === undefined ? character === one : from <= character && character <= to,
    ) !== isNegated;
}
