import { describe, expect, it } from 'vitest';
import { anonymize } from '../../../src/scenario/recording/anonymize/anonymize.ts';
import { readFlight } from '../../../src/scenario/recording/read-flight.ts';
import { recordingOf } from '../../../src/scenario/recording/recording-of.ts';
import { replayRecording } from '../../../src/scenario/recording/replay-recording.ts';
import type { Recording } from '../../../src/scenario/scenario.ts';
import { createSimulatedFlight, DEADLINES } from './simulated-flight.ts';

const KEY = 'a secret';

const HOSTS = ['plain', 'rich', 'worst', 'bond', 'slaac', 'point-to-point', 'policy-routing', 'long-name', 'digits'];
/** What those who manage links were told by people. */
const OWNED = {
  'network-manager': ['office'],
  networkd: ['10-ens3', 'Gateway='],
  resolved: ['example.net', 'corp.example'],
};

describe('an anonymized recording', () => {
  for (const host of HOSTS) {
    it(`goes through the same states, and says nothing of the host "${host}"`, async () => {
      const recording = await record(host);
      const hidden = anonymize(recording, { key: KEY, hostNames: [] });
      const [before, after] = [await replayRecording(recording), await replayRecording(hidden)];
      expect(after.mismatches).toEqual([]);
      expect(statesOf(after.timeline)).toEqual(statesOf(before.timeline));
      const text = JSON.stringify(hidden);
      const left = [...namesIn(recording)].filter(name => isIn(text, name));
      expect(left).toEqual([]);
    });
  }

  it.each(Object.entries(OWNED))('says nothing of what %s was told by people', async (host, words) => {
    const recording = await record(host);
    const open = JSON.stringify(recording);
    const hidden = anonymize(recording, { key: KEY, hostNames: [] });
    expect(words.filter(word => !open.includes(word))).toEqual([]);
    expect(words.filter(word => JSON.stringify(hidden).includes(word))).toEqual([]);
    expect((await replayRecording(hidden)).mismatches).toEqual([]);
  });

  it('keeps addresses of one network in one network, and those that everybody has', () => {
    const texts = [
      '10.9.0.2/24',
      '10.9.0.77',
      '10.9.1.5/24',
      '10.0.0.0/8',
      '10.9.0.255',
      '10.9.0.0/24',
      '2001:db8:9::2/64',
      '2001:db8:9::1',
      '2001:db8:a::1/64',
      '2001:db8::/32',
    ];
    const fixed = ['127.0.0.1', '::1', '0.0.0.0/0', '::/0', '224.0.0.251', 'ff02::1', '169.254.1.2', '255.255.255.255'];
    const made = hide([...texts, ...fixed]);
    expect(made.slice(texts.length)).toEqual(fixed);
    const [v4, neighbour, other, wide, broadcast, network, v6, neighbour6, other6, wide6] = made as string[];
    const net = (text: string | undefined, parts: number) => text?.split('/')[0]?.split('.').slice(0, parts).join('.');
    expect(net(neighbour, 3)).toBe(net(v4, 3));
    expect(net(other, 3)).not.toBe(net(v4, 3));
    expect(net(other, 1)).toBe(net(wide, 1));
    expect(wide).toMatch(/^\d+\.0\.0\.0\/8$/);
    expect(broadcast).toBe(`${net(v4, 3)}.255`);
    expect(network).toBe(`${net(v4, 3)}.0/24`);
    const head6 = (text: string | undefined) => text?.split('::')[0];
    expect(head6(neighbour6)).toBe(head6(v6));
    expect(head6(other6)).not.toBe(head6(v6));
    expect(v6?.startsWith(`${head6(wide6)}:`)).toBe(true);
    for (const [index, text] of texts.entries()) expect(made[index]).not.toBe(text);
  });

  it('gives MACs their like, and addresses that are made from them what belongs to it', () => {
    const [universal, local, group, linkLocal, global, id] = hide([
      '00:1b:21:3a:4b:5c',
      '02:1b:21:3a:4b:5c',
      '33:33:00:00:00:01',
      'fe80::21b:21ff:fe3a:4b5c/64',
      '2001:db8::21b:21ff:fe3a:4b5c/64',
      '0000001b213a4b5c',
    ]) as string[];
    const bits = (mac: string | undefined) => Number.parseInt(mac ?? '', 16) & 3;
    expect(universal).not.toBe('00:1b:21:3a:4b:5c');
    expect([bits(universal), bits(local), group]).toEqual([0, 2, '33:33:00:00:00:01']);
    const bytes = universal?.split(':').map(byte => Number.parseInt(byte, 16)) ?? [];
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
    const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f].map(group => group.toString(16));
    expect(linkLocal).toBe(`fe80::${groups.join(':')}/64`);
    expect(global?.endsWith(`${groups.join(':')}/64`)).toBe(true);
    expect(id).toBe(`0000${universal?.replaceAll(':', '')}`);
  });

  it('keeps names apart, and what they have in common', () => {
    const recording = sample({
      link: { name: 'eth0~', altnames: ['enp0s3'] },
      texts: ['rename eth0 to eth0~', 'eth0.100 stands on eth0', 'lo and ovs-system stay', 'bond0 is no eth00'],
    });
    const { entries } = anonymize(recording, { key: KEY, hostNames: [] });
    const { link, texts } = (
      entries[0] as unknown as { event: { link: { name: string; altnames: string[] }; texts: string[] } }
    ).event;
    const uplink = link.name.slice(0, -1);
    expect(link.name).toBe(`${uplink}~`);
    expect(texts[0]).toBe(`rename ${uplink} to ${uplink}~`);
    expect(texts[1]).toBe(`${uplink}.100 stands on ${uplink}`);
    expect(texts[2]).toBe('lo and ovs-system stay');
    expect(texts[3]).toMatch(/^nic\d+ is no nic\d+$/);
    expect(texts[3]).not.toContain(`${uplink} `);
    expect(link.altnames[0]).not.toBe('enp0s3');
  });

  it('hides hosts, ids, paths, commands and what others wrote on their rows', () => {
    const recording = sample({
      texts: [
        'cannot connect to ssl:ovn-central.corp:6640: nobody at [2001:db8::7]:6640 or 10.1.2.3:6640',
        'filer:/export/home is mounted over eth0 on node-17',
        'no socket at /run/user/1000/ovs/db.sock',
        'machine 3f1c00000000aaaa0000000000000001, boot 6d0c3b0e-1111-4000-8000-000000000001',
        'cmd:curl -u alice:secret https://intranet.corp/ said 7',
      ],
      request: { probes: [{ kind: 'command', argv: ['curl', '-u', 'alice:secret', 'https://intranet.corp/'] }] },
      bridge: { name: 'br-lan', externalIds: { owner: 'alice', flag: 'true', 'ovs-uplink:role': 'bridge' } },
    });
    const hidden = anonymize(recording, { key: KEY, hostNames: ['node-17'] });
    const text = JSON.stringify(hidden);
    for (const secret of [
      'ovn-central',
      '2001:db8::7',
      '10.1.2.3',
      'filer',
      'node-17',
      '/run/user',
      '3f1c0000',
      '6d0c3b0e',
      'alice',
      'secret',
      'intranet',
      'br-lan',
    ]) {
      expect(text, secret).not.toContain(secret);
    }
    expect(text).toContain('"flag":"true","ovs-uplink:role":"bridge"');
    expect(hidden.header['anonymized']).toBe(true);
  });

  it('maps differently with another key', async () => {
    const recording = await record('plain');
    const [one, other] = ['one', 'other'].map(key => anonymize(recording, { key, hostNames: [] }));
    expect(JSON.stringify(one?.entries)).not.toBe(JSON.stringify(other?.entries));
  });
});

async function record(host: string): Promise<Recording> {
  using flight = createSimulatedFlight(host);
  await flight.run(engine => engine.migrate({ uplink: flight.uplink, bridge: flight.bridge, deadlines: DEADLINES }));
  const run = readFlight(flight.stateDir, flight.uplink).at(-1);
  if (run === undefined) throw new Error('nothing was recorded');
  return recordingOf(run, 'recorded', 'recorded.yaml');
}

/** A recording with one event. */
function sample(event: Readonly<Record<string, unknown>>): Recording {
  return {
    kind: 'Recording',
    name: 'sample',
    title: 'A sample',
    failures: [],
    upstream: [],
    guards: null,
    expected: null,
    place: { file: 'sample.yaml', line: 1, column: 1 },
    machine: 'uplink-migration',
    header: {},
    input: {},
    entries: [{ atMs: 0, event: { type: 'a.sample', ...event } }],
  };
}

function hide(texts: readonly string[]): readonly string[] {
  const { entries } = anonymize(sample({ texts }), { key: KEY, hostNames: [] });
  return (entries[0] as unknown as { event: { texts: readonly string[] } }).event.texts;
}

/** Names, addresses and ids that stand in a recording by themselves. */
function namesIn(recording: Recording): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown, key: string): void => {
    if (
      typeof value === 'string' &&
      /^(name|altnames|local|peer|broadcast|gateway|mac|label|uuid|id|uplink|bridge|hostPort|iif|oif|destination|prefSrc|macInUse|bootId|machineId|datapathId)$/.test(
        key,
      )
    ) {
      found.add(value.split('/')[0] ?? '');
    } else if (Array.isArray(value)) for (const element of value) visit(element, key);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, field] of Object.entries(value)) visit(field, name);
    }
  };
  visit({ input: recording.input, entries: recording.entries }, '');
  // What every host and every router has, and ids that are numbers of the simulation.
  const special = /^(lo|ovs-system|ovs-netdev|id-\d+|open-vswitch|0\.0\.0\.0|::1?|127\..*|ff.*|fe80::1?|)$/;
  return new Set([...found].filter(name => !special.test(name)));
}

function statesOf(timeline: Awaited<ReturnType<typeof replayRecording>>['timeline']): readonly string[] {
  return timeline.flatMap(entry => (entry.type === 'state' ? [entry.state] : []));
}

/** By itself, or as a word within a text; a name of digits only by itself. */
function isIn(json: string, name: string): boolean {
  if (/^\d+$/.test(name)) return json.includes(`"${name}"`);
  return new RegExp(`(?<![\\w.:])${quoted(name)}(?![\\w:])`).test(json);
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
