import type { CST } from 'yaml';

/** The deepest of our own has 8 levels; what makes values of tokens is recursive, so a text must not decide how deep it goes. */
export const MOST_LEVELS = 40;

/** Offset of the first value that is nested more deeply; undefined when all is well. */
export function firstTooDeep(tokens: readonly CST.Token[]): number | undefined {
  const open = tokens.map(token => ({ token, level: 0 }));
  let first: number | undefined;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, level } = next;
    if (level > MOST_LEVELS) {
      first = Math.min(first ?? token.offset, token.offset);
      continue;
    }
    for (const inner of childrenOf(token)) open.push({ token: inner, level: level + 1 });
  }
  return first;
}

function childrenOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter(one => one !== undefined && one !== null));
}
