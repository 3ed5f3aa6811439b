import { parseIp } from './prefix.ts';

/** The Kubernetes API server, to which the way must be kept; plain JSON. */
export interface ApiServer {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Addresses of {@link host} as far as they are known without asking a name server; empty for none. */
  readonly addresses: readonly string[];
  /** Where it was named: `--api-server`, a kubeconfig. */
  readonly from: string;
}

/** What {@link readServer} made of a text. */
export type ReadServer =
  | { readonly host: string; readonly port: number }
  | { readonly problem: string; readonly expected: string; readonly advice: string | null };

const EXPECTED = 'https://HOST:PORT, HOST:PORT or an address';

/** What kube-apiserver listens on by itself, where nothing else is said. */
const DEFAULT_PORT = 6443;

/** Reads `https://api.example:6443`, `10.96.0.1`, `[2001:db8::1]:6443`. Without a port: that of the scheme, else 6443. */
export function readServer(text: string): ReadServer {
  if (text.includes('://')) return readUrl(text);
  if (parseIp(text) !== undefined) return { host: canonical(text), port: DEFAULT_PORT };
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]@?#]+))(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  const isHost = parseIp(host ?? '') !== undefined || (match?.[1] === undefined && isHostName(host ?? ''));
  if (host === undefined || !isHost || port < 1 || port > 65_535) return broken(null);
  return { host: canonical(host), port };
}

function readUrl(text: string): ReadServer {
  const scheme = text.slice(0, text.indexOf('://'));
  if (!/^https?$/i.test(scheme)) return broken('an API server is reached by https');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return broken(null);
  }
  // It would stand in journals and reports.
  if (url.username !== '' || url.password !== '') return broken('leave user and password out');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (parseIp(host) === undefined && !isHostName(host)) return broken(null);
  const port = url.port === '' ? (scheme.toLowerCase() === 'http' ? 80 : 443) : Number(url.port);
  return port < 1 ? broken(null) : { host: canonical(host), port };
}

function broken(advice: string | null): ReadServer {
  return { problem: 'cannot read the address of the API server', expected: EXPECTED, advice };
}

/** RFC 1123, and the underscore that some name servers have. Digits and dots only are an address that is wrong. */
function isHostName(text: string): boolean {
  return text.length <= 253 && /^(?!-)[\w-]{1,63}(\.[\w-]{1,63})*\.?$/.test(text) && !/^[\d.]+$/.test(text);
}

function canonical(host: string): string {
  return host.toLowerCase();
}

/** `api.example:6443`, `[2001:db8::1]:6443` */
export function formatServer({ host, port }: Pick<ApiServer, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
