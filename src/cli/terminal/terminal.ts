import { isatty } from 'node:tty';
import { choosePalette, type Palette, visible } from './palette.ts';
import { createTextSink, type TextSink } from './text-sink.ts';

/** Standard output and standard error of one command. */
export interface Terminal {
  readonly out: TextSink;
  readonly err: TextSink;
  /** Standard output is a terminal that a line can be rewritten on. */
  readonly isLive: boolean;
  readonly outPalette: Palette;
  readonly errIsTty: boolean;
  readonly errPalette: Palette;
  /** One JSON object a line instead of text. */
  readonly json: boolean;
  /** Writes a line to standard output; the caller has made foreign text {@link visible}. */
  line(text?: string): void;
  /** Writes an object as a line to standard output. */
  object(value: object): void;
  /** Writes `ovs-uplink: TEXT` as one line to standard error. */
  complain(text: string): void;
  /** The same terminal with or without JSON. */
  withJson(json: boolean): Terminal;
}

/** Puts a terminal together from two sinks. */
export function createTerminal(options: {
  readonly out: TextSink;
  readonly err: TextSink;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  readonly json: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Terminal {
  const { out, err, outIsTty, errIsTty, json, environment } = options;
  const errPalette = choosePalette(errIsTty, environment);
  return {
    out,
    err,
    isLive: outIsTty && !json && environment['TERM'] !== 'dumb',
    outPalette: choosePalette(outIsTty && !json, environment),
    errIsTty,
    errPalette,
    json,
    line: (text = '') => out.write(`${text}\n`),
    object: value => out.write(`${JSON.stringify(value)}\n`),
    complain: text => err.write(`${errPalette.strong('ovs-uplink')}: ${visible(text)}\n`),
    withJson: wanted => createTerminal({ ...options, json: wanted }),
  };
}

/** The terminal of this process. */
export function processTerminal(json: boolean): Terminal {
  return createTerminal({
    out: createTextSink(1),
    err: createTextSink(2),
    outIsTty: isatty(1),
    errIsTty: isatty(2),
    json,
    environment: process.env,
  });
}
