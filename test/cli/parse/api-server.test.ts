import { expect, it } from 'vitest';
import { parseApiServer } from '../../../src/cli/parse/api-server.ts';
import { formatServer } from '../../../src/domain/api-server.ts';
import { catchUsage } from '../catch-usage.ts';

it.each([
  ['https://api.example:6443', 'api.example', 6443],
  ['https://API.example', 'api.example', 443],
  ['https://[2001:db8::1]:6443/k8s/clusters/c-1', '2001:db8::1', 6443],
  ['10.96.0.1', '10.96.0.1', 6443],
  ['2001:db8::1', '2001:db8::1', 6443],
  ['[2001:db8::1]:443', '2001:db8::1', 443],
  ['api.example:8443', 'api.example', 8443],
  ['localhost', 'localhost', 6443],
])('%s', (text, host, port) => {
  expect(parseApiServer(text)).toEqual({ host, port });
  expect(parseApiServer(formatServer({ host, port }))).toEqual({ host, port });
});

it.each(['', 'https://', 'ftp://h', 'h:0', 'h:65536', 'h:1:2', '[h]:1', '10.0.0.256', 'a b', 'https://h:99999', '-h'])(
  '%s is refused',
  async text => {
    expect((await catchUsage(() => parseApiServer(text))).message).toContain('https://HOST:PORT');
  },
);

it('a password is neither taken nor shown', async () => {
  const { message } = await catchUsage(() => parseApiServer('https://me:secret@h'));
  expect(message).toContain('leave user and password out');
  expect(message).not.toContain('secret');
});
