/** `preparing.standing.makingHostPort` of a state value; charts here have no parallel states. */
export function statePath(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  const [key, inner] = Object.entries(value)[0] ?? [];
  const rest = statePath(inner);
  return rest === '' ? (key ?? '') : `${key}.${rest}`;
}
