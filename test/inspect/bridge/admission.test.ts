import { describe, expect, it } from 'vitest';
import { ask, openBridge, tryUpgrade } from './clients.ts';

const cookieOf = (headers: Readonly<Record<string, string | string[] | undefined>>): string =>
  String(headers['set-cookie']).split(';')[0]!;

describe('a bridge lets in', () => {
  it('who opens the printed address, and takes the token out of it', async () => {
    await using bridge = await openBridge();
    expect(new URL(bridge.url).host).toBe(`127.0.0.1:${bridge.port}`);
    expect(bridge.token.length).toBeGreaterThanOrEqual(43);
    const first = await ask(bridge.port, `/?token=${bridge.token}`);
    expect(first).toMatchObject({
      status: 303,
      headers: { location: '/', 'referrer-policy': 'no-referrer' },
      body: '',
    });
    expect(String(first.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
    const page = await ask(bridge.port, '/', { Cookie: `other=1; ${cookieOf(first.headers)}` });
    expect(page).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    });
    expect(page.body).toContain('viewer');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[^']+'; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('frame-src');
  });

  it('the page of Stately’s inspector, which may show nothing else in its frame', async () => {
    await using bridge = await openBridge(undefined, { statelyUrl: 'https://viewer.example/inspect?a=</script>' });
    const first = await ask(bridge.port, `/stately.html?token=${bridge.token}`);
    expect(first).toMatchObject({ status: 303, headers: { location: '/stately.html' } });
    const page = await ask(bridge.port, '/stately.html', { Cookie: cookieOf(first.headers) });
    expect(String(page.headers['content-security-policy'])).toContain('frame-src https://viewer.example;');
    expect(page.body).toContain('"https://viewer.example"');
    expect(page.body.match(/<\/script>/g)).toHaveLength(1);
    expect(page.body).not.toContain("'*'");
  });

  it('a tunnel that comes in at another port', async () => {
    await using bridge = await openBridge();
    const headers = { Host: 'localhost:9000', Origin: 'http://localhost:9000' };
    expect((await ask(bridge.port, `/?token=${bridge.token}`, headers)).status).toBe(303);
    expect(await tryUpgrade(bridge.feedUrl, headers)).toBe('open');
    expect(await tryUpgrade(bridge.feedUrl, { Host: '[::1]:9000' })).toBe('open');
  });

  it('its own page with the cookie alone, but to read only', async () => {
    await using bridge = await openBridge();
    const Cookie = cookieOf((await ask(bridge.port, `/?token=${bridge.token}`)).headers);
    const Origin = `http://127.0.0.1:${bridge.port}`;
    const at = `ws://127.0.0.1:${bridge.port}`;
    expect(await tryUpgrade(`${at}/feed`, { Cookie, Origin })).toBe('open');
    expect(await tryUpgrade(`${at}/stately`, { Cookie, Origin })).toBe('open');
    expect(await tryUpgrade(`${at}/publish`, { Cookie, Origin })).toMatch(/^401 /);
    expect(await tryUpgrade(`${at}/feed/../publish`, { Cookie, Origin })).toMatch(/^401 /);
  });
});

describe('a bridge refuses', () => {
  it.each<[string, string, Record<string, string>]>([
    ['a request without a token', '/', {}],
    ['a wrong token', '/?token=wrong', {}],
    ['an empty token', '/?token=', {}],
    ['a wrong cookie', '/', { Cookie: 'ovs-uplink-000000000000=wrong; =; a' }],
    ['an unknown address, without a word on what there is', '/etc/passwd', {}],
  ])('%s, and says what to do', async (_, path, headers) => {
    await using bridge = await openBridge();
    const answer = await ask(bridge.port, path, headers);
    expect(answer.status).toBe(401);
    expect(answer.body).toBe('open the address that ovs-uplink printed: it carries the token that is missing here\n');
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(await tryUpgrade(`ws://127.0.0.1:${bridge.port}/feed`, headers)).toMatch(/^401 open the address/);
    expect(bridge.counters.refused).toBe(2);
  });

  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example:8080',
    '127.0.0.2',
    'user@localhost',
    'localhost:99999',
  ])('a name that was made to point here (%s), token or not', async host => {
    await using bridge = await openBridge();
    expect((await ask(bridge.port, `/?token=${bridge.token}`, { Host: host })).status).toBeGreaterThanOrEqual(400);
    expect(await tryUpgrade(bridge.feedUrl, { Host: host })).toMatch(/^40[03] /);
  });

  it.each([
    'https://evil.example',
    'null',
    'http://localhost:1',
    'http://127.0.0.1',
    'https://127.0.0.1:PORT',
    'http://localhost:PORT',
  ])('pages of another origin (%s), token or not', async origin => {
    await using bridge = await openBridge();
    const Origin = origin.replace('PORT', String(bridge.port));
    for (const url of [bridge.feedUrl, bridge.receiverUrl, bridge.publishUrl]) {
      expect(await tryUpgrade(url, { Origin })).toBe('403 this is not for pages of other origins');
    }
    expect((await ask(bridge.port, `/?token=${bridge.token}`, { Origin }, 'POST', 'x')).status).toBe(403);
  });

  it('everything but GET, bodies, and addresses that are none', async () => {
    await using bridge = await openBridge();
    const at = `/?token=${bridge.token}`;
    // What is refused while it is still being sent may end in a reset before the answer is read.
    const statusOf = (...args: Parameters<typeof ask>) => ask(...args).then(({ status }) => status, String);
    expect(await statusOf(bridge.port, at, {}, 'POST', 'x'.repeat(1_000_000))).toBeOneOf([
      405,
      'Error: read ECONNRESET',
      'Error: write EPIPE',
    ]);
    expect(await ask(bridge.port, at, {}, 'DELETE')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect((await ask(bridge.port, at, { 'Content-Length': '3' }, 'GET', 'abc')).status).toBe(413);
    expect((await ask(bridge.port, `/nothing${at.slice(1)}`)).status).toBe(404);
    expect((await ask(bridge.port, `//evil.example/${at}`)).status).toBe(400);
    expect(await statusOf(bridge.port, at, { 'X-Large': 'x'.repeat(100_000) })).toBeOneOf([
      431,
      'Error: read ECONNRESET',
      'Error: write EPIPE',
    ]);
    expect(await tryUpgrade(bridge.feedUrl.replace('/feed', '/other'))).toMatch(/^404 /);
    expect((await ask(bridge.port, at, {}, 'HEAD')).body).toBe('');
  });

  it('to listen where another does, and says what to do', async () => {
    await using bridge = await openBridge();
    await expect(openBridge(undefined, { port: bridge.port })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${bridge.port}.*another program.*--port 0`)),
    });
  });

  it('to listen for others than this machine', async () => {
    await expect(openBridge(undefined, { host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('ssh -L'),
    });
  });
});
