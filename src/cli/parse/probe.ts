import { isIPv6 } from 'node:net';
import type { Probe } from '../../domain/request.ts';
import { splitArguments } from './split-arguments.ts';
import { usageError } from './usage-error.ts';

const EXPECTED = 'gateway, tcp:HOST:PORT or cmd:COMMAND';

/**
 * Reads `gateway`, `tcp:HOST:PORT` (`tcp:[2001:db8::1]:443` for IPv6) or `cmd:COMMAND`. The command is a JSON array of strings
 * (`cmd:["ping","-c1","h"]`) or words split as {@link splitArguments} does; no shell is involved. Throws `USAGE`.
 */
export function parseProbe(text: string): Probe {
  if (text === 'gateway') return { kind: 'gateway' };
  if (text.startsWith('tcp:')) return parseTcp(text);
  if (text.startsWith('cmd:')) return { kind: 'command', argv: parseCommand(text.slice(4)) };
  throw usageError('unknown probe', { expected: EXPECTED, got: text, candidates: ['gateway'] });
}

function parseTcp(text: string): Probe {
  const match = /^tcp:(?:\[([^\]]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text);
  const port = match === null ? 0 : Number(match[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw usageError('cannot read TCP probe', {
      expected: 'tcp:HOST:PORT with a port from 1 to 65535, an IPv6 address in brackets',
      got: text,
    });
  }
  const [, bracketed, plain] = match;
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    throw usageError('cannot read TCP probe', { expected: 'an IPv6 address in brackets', got: bracketed });
  }
  return { kind: 'tcp', host: (bracketed ?? plain)!, port };
}

function parseCommand(text: string): readonly string[] {
  const argv = text.trimStart().startsWith('[') ? parseJsonArguments(text) : splitArguments(text);
  if (argv[0] === undefined || argv[0] === '') {
    throw usageError('probe without a command', { expected: 'cmd:COMMAND ARGUMENTS…', got: `cmd:${text}` });
  }
  // execve(2) takes strings that end at the first zero byte.
  if (argv.some(word => word.includes('\0'))) throw usageError('probe with a zero byte', { got: text });
  return argv;
}

function parseJsonArguments(text: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (Array.isArray(value) && value.every(word => typeof word === 'string')) return value;
  throw usageError('cannot read command of probe', { expected: 'a JSON array of strings', got: text });
}
