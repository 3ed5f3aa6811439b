import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from './admission.ts';

const ALWAYS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const NOTHING = "default-src 'none'; frame-ancestors 'none'";

/** Answers with a sentence, and hangs up: what was refused may have a body that nobody reads. */
export function refuse(
  response: ServerResponse,
  { status, text }: Refusal,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...ALWAYS,
    ...headers,
    'Content-Security-Policy': NOTHING,
    'Content-Type': 'text/plain; charset=utf-8',
    Connection: 'close',
  });
  response.end(`${text}\n`);
}

/** As {@link refuse}, before a socket has become a WebSocket. */
export function refuseUpgrade(socket: Duplex, { status, text }: Refusal): void {
  const body = `${text}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.once('finish', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Sends to the same page without the token, which now stands in a cookie: not in the address bar, the history or a referrer. */
export function redirectWithCookie(response: ServerResponse, path: string, cookie: string): void {
  response.writeHead(303, {
    ...ALWAYS,
    'Content-Security-Policy': NOTHING,
    'Set-Cookie': cookie,
    Location: path,
    'Content-Length': '0',
  });
  response.end();
}

/** What a page may do. */
export interface PageRights {
  /** As the browser knows us, for its WebSocket. */
  readonly authority: string;
  /** Origin of what it shows in a frame. */
  readonly frame: string | null;
}

/** Answers with a page. Of its scripts only those run that stand in it: a name from the wire that became HTML is dead. */
export function answerPage(response: ServerResponse, html: string | Buffer, { authority, frame }: PageRights): void {
  const policy = [
    "default-src 'none'",
    `script-src ${scriptHashes(html.toString()).join(' ') || "'none'"}`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    `connect-src 'self' ws://${authority}`,
    ...(frame === null ? [] : [`frame-src ${frame}`]),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  response.writeHead(200, {
    ...ALWAYS,
    'Content-Security-Policy': policy.join('; '),
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(html)),
  });
  response.end(html);
}

function scriptHashes(html: string): string[] {
  return [...html.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script\s*>/gi)].map(
    // A browser reads a line's end as a line feed, whatever it was.
    ([, text]) => `'sha256-${createHash('sha256').update(text!.replaceAll(/\r\n?/g, '\n')).digest('base64')}'`,
  );
}
