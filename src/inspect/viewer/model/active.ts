/** Paths of all states that a machine is in, outer ones first, of its `value`: `'idle'`, `{ moving: { left: 'up' } }`. */
export function activePaths(value: unknown): ReadonlySet<string> {
  const paths = new Set<string>();
  const visit = (part: unknown, path: string): void => {
    if (typeof part === 'string') paths.add(join(path, part));
    else if (typeof part === 'object' && part !== null) {
      for (const [key, inner] of Object.entries(part)) {
        paths.add(join(path, key));
        visit(inner, join(path, key));
      }
    }
  };
  visit(value, '');
  return paths;
}

/** The innermost of them, for people: `cuttingOver.switchingRoutes`. */
export function stateText(value: unknown): string {
  const paths = [...activePaths(value)];
  return paths.filter(path => !paths.some(other => other.startsWith(`${path}.`))).join(', ');
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
