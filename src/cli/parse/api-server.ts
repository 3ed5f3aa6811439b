import { readServer } from '../../domain/api-server.ts';
import { usageError } from './usage-error.ts';

/** Reads `https://api.example:6443`, `10.96.0.1`, `[2001:db8::1]:6443`. Throws `USAGE`. */
export function parseApiServer(text: string): { readonly host: string; readonly port: number } {
  const read = readServer(text);
  if ('host' in read) return read;
  const { problem, expected, advice } = read;
  // A URL may hold a password: what was given is not repeated then.
  const got = text.includes('@') ? {} : { got: text };
  throw usageError(problem, { expected, ...got, ...(advice === null ? {} : { advice }) });
}
