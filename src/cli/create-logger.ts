import type { Logger } from 'pino';
import type { LogLevel } from './settings.ts';
import type { Terminal } from './terminal/terminal.ts';

/** A pino logger to standard error: JSON, or lines for people on a terminal. It never blocks; see `createTextSink`. */
export async function createLogger(terminal: Terminal, level: LogLevel): Promise<Logger> {
  const { pino } = await import('pino');
  if (!terminal.errIsTty || terminal.json) return pino({ level, base: null }, terminal.err);
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize: terminal.errPalette.dim('x') !== 'x', translateTime: 'SYS:HH:MM:ss.l' });
  return pino({ level, base: null }, { write: line => terminal.err.write(pretty(line)) });
}
