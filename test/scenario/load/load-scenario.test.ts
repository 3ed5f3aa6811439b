import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHostReader } from '../../../src/scenario/load/host-reader.ts';
import { loadScenarios } from '../../../src/scenario/load/load-scenario.ts';
import { parseScenarios } from '../../../src/scenario/load/parse-scenario.ts';
import type { HostScenario, MachineScenario, Scenario } from '../../../src/scenario/scenario.ts';
import { HOST_EXAMPLE, MACHINE_EXAMPLE } from './examples.ts';

const hosts = createHostReader();

async function read<T extends Scenario>(text: string): Promise<T> {
  const name = /^name: (\S+)/m.exec(text)?.[1];
  const [first] = await parseScenarios(text, `folder/${name}.yaml`, hosts);
  return first as T;
}

/** Without the places, which are looked at by themselves. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, one: unknown) => (key === 'place' ? undefined : one));
}

describe('a scenario of a host', () => {
  it('is read with its head, its runs, and what is expected of them', async () => {
    const scenario = await read<HostScenario>(HOST_EXAMPLE);
    expect(scenario).toMatchObject({
      kind: 'HostScenario',
      name: 'altname-comes-back',
      title: 'udev gives the altname back after it was taken away once',
      failures: ['F-02'],
      upstream: ['antrea#6321'],
      guards: 'The altname is removed once.',
      expected: null,
      needs: ['lab'],
      withinMs: 20_000,
    });
    expect(scenario.host.uplink).toBe('eth0');
    expect(plain(scenario.runs)).toEqual([
      {
        run: 'migrate',
        layout: 'host-port',
        bridge: 'br0',
        datapath: null,
        confirmWithinMs: 2_000,
        confirm: true,
        accept: ['name-taken'],
        deadlines: { stepMs: 2_000, retryMs: 500 },
        expect: { result: 'committed', failure: null, failedIn: null, findings: ['name-taken'], alreadyDone: false },
      },
      { run: 'restore', accept: ['foreign-ports'], deadlines: {}, expect: null },
      {
        run: 'recover',
        deadlines: {},
        expect: {
          result: null,
          failure: { code: 'OVSDB_TIMEOUT' },
          failedIn: 'cuttingOver.attachingUplink',
          findings: [],
          alreadyDone: null,
        },
      },
    ]);
    expect(plain(scenario.never)).toEqual([{ state: 'stranded' }]);
    expect(plain(scenario.eventually)).toEqual([{ effect: 'altname.remove' }, { observed: '/datapath_id/' }]);
    expect(plain(scenario.expect)).toEqual({
      sameAsBefore: true,
      reachable: null,
      reachableThroughout: false,
      invariants: ['I1', 'I7'],
      host: { links: { eth0: { altnames: [], addresses: { has: ['10.9.0.2/24'] } }, 'eth0~': null }, journal: null },
    });
  });

  it('says when something happens, and what', async () => {
    const { happens } = await read<HostScenario>(HOST_EXAMPLE);
    expect(plain(happens)).toEqual([
      {
        when: { state: 'cuttingOver', nth: 1, afterMs: 0 },
        actor: { kind: 'altname.add', link: 'eth0~', altname: 'eth0' },
      },
      { when: { state: 'verifying', nth: 2, afterMs: 5 }, actor: { kind: 'vswitchd.kill', forMs: 400 } },
      { when: { atMs: 300 }, actor: { kind: 'gateway.silent', forMs: null } },
      {
        when: { operation: 'route.replace', nth: 2, afterMs: 0 },
        actor: { kind: 'uplink.altname', times: 3, everyMs: 20 },
      },
      {
        when: { state: 'gating', nth: 1, afterMs: 0 },
        actor: { kind: 'sysctl.write', link: 'eth0', key: 'ipv4/conf/rp_filter', value: '1' },
      },
      {
        when: { operation: 'address.add', nth: 1, afterMs: 0 },
        fault: { kind: 'refuse', errno: 'EEXIST', extAck: 'there', error: null, times: 2 },
      },
      {
        when: { operation: 'ovs.uplink.attach', nth: 1, afterMs: 0 },
        fault: { kind: 'refuse', errno: null, extAck: null, error: 'not owner', times: 1 },
      },
      {
        when: { operation: 'guard.arm', nth: 1, afterMs: 0 },
        fault: { kind: 'refuse', errno: null, extAck: null, error: null, times: 1 },
      },
      { when: { operation: 'journal.write committed', nth: 1, afterMs: 0 }, fault: { kind: 'drop-answer' } },
      { when: { operation: 'announce', nth: 1, afterMs: 0 }, fault: { kind: 'delay', byMs: 300 } },
      { when: { operation: 'ovs.bump', nth: 1, afterMs: 0 }, fault: { kind: 'hang' } },
      { when: { operation: 'link.rename', nth: 1, afterMs: 0 }, fault: { kind: 'kill', point: 'before' } },
    ]);
  });

  it('knows where everything stands that a message may point to', async () => {
    const { place, runs, happens, never, eventually, expect: end } = await read<HostScenario>(HOST_EXAMPLE);
    const places = [place, runs[0], runs[0]?.expect, runs[1], happens[3], never[0], eventually[1], end].map(one =>
      one === null || one === undefined ? undefined : 'place' in one ? one.place : one,
    );
    const lines = HOST_EXAMPLE.split('\n');
    expect(places.map(at => `${at?.file} ${lines[at!.line - 1]!.slice(at!.column - 1).slice(0, 12)}`)).toEqual(
      [
        'apiVersion: ',
        'migrate:',
        '{ result: co',
        'restore: { a',
        'at: { operat',
        '{ state: str',
        '{ observed: ',
        'sameAsBefore',
      ].map(text => `folder/altname-comes-back.yaml ${text}`),
    );
  });

  it('is nothing but host and runs at the least: then all invariants are looked at, and nothing else', async () => {
    const text =
      'apiVersion: ovs-uplink/v1\nkind: HostScenario\nname: x\ntitle: x\nhost: plain\nruns: [{ recover: {} }]\n';
    const scenario = await read<HostScenario>(text);
    expect(scenario.expect).toMatchObject({
      sameAsBefore: null,
      host: null,
      reachable: null,
      invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
    });
    expect(scenario).toMatchObject({ happens: [], never: [], eventually: [], needs: [], withinMs: null });
  });
});

describe('a scenario of a chart', () => {
  it('is read with its steps', async () => {
    const scenario = await read<MachineScenario>(MACHINE_EXAMPLE);
    expect(scenario).toMatchObject({
      kind: 'MachineScenario',
      machine: 'ovs-readiness',
      input: { bridge: 'br-ext', once: true },
      answers: {
        connectOvsdb: { output: { curCfg: 4 } },
        readFeatures: { output: null },
        bumpConfiguration: { error: { code: 'OVSDB_TIMEOUT', what: 'no answer' } },
      },
    });
    expect(plain(scenario.steps)).toEqual([
      { step: 'send', event: { type: 'ovsdb.facts.changed', ovs: { curCfg: 5 } } },
      { step: 'send', event: { type: 'ovsdb.connection.opened' } },
      { step: 'advance', ms: 2_000 },
      { step: 'reach', state: 'waiting.awaitingBridge' },
      { step: 'answer', actor: 'bumpConfiguration', answer: { output: 5 } },
      { step: 'answer', actor: 'readFeatures', answer: { output: null } },
      { step: 'answer', actor: 'readFeatures', answer: { error: { code: 'UNIXCTL_REFUSED', what: 'no such bridge' } } },
      {
        step: 'expect',
        state: 'waiting.learningFeatures',
        context: { awaitedCfg: 5 },
        invoked: ['readFeatures'],
        withinMs: 1_000,
      },
      { step: 'expect', state: null, context: null, invoked: [], withinMs: 0 },
    ]);
    expect(plain([scenario.never, scenario.eventually])).toEqual([
      [{ state: 'notReady' }],
      [{ effect: 'readFeatures br-ext' }],
    ]);
  });
});

describe('a scenario that repeats', () => {
  const repeating = (repeat: string): string =>
    `apiVersion: ovs-uplink/v1\nkind: HostScenario\nname: x\ntitle: \${errno} in \${state}\nhost: plain\n` +
    `runs: [{ migrate: { layout: host-port } }]\nhappens:\n  - at: { operation: route.add, nth: "\${nth}" }\n` +
    `    fault: { refuse: { errno: "\${errno}" } }\nnever: [{ state: "\${state}" }]\nrepeat: ${repeat}\n`;

  it('is one for each value, and for each combination of values, named by them', async () => {
    const text = repeating('{ errno: [EPERM, EBUSY], nth: [1, 2], state: [stranded] }');
    const scenarios = (await parseScenarios(text, 'x.yaml', hosts)) as readonly HostScenario[];
    expect(scenarios.map(({ name }) => name)).toEqual([
      'x[errno=EPERM,nth=1,state=stranded]',
      'x[errno=EPERM,nth=2,state=stranded]',
      'x[errno=EBUSY,nth=1,state=stranded]',
      'x[errno=EBUSY,nth=2,state=stranded]',
    ]);
    expect(scenarios.map(({ title }) => title)[2]).toBe('EBUSY in stranded');
    expect(plain(scenarios[3]?.happens)).toEqual([
      {
        when: { operation: 'route.add', nth: 2, afterMs: 0 },
        fault: { kind: 'refuse', errno: 'EBUSY', extAck: null, error: null, times: 1 },
      },
    ]);
    expect(scenarios[3]?.never[0]?.place).toEqual({ file: 'x.yaml', line: 10, column: 9 });
  });
});

describe('a host', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scenario-'));
    mkdirSync(join(folder, 'hosts'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const DESCRIPTION =
    'apiVersion: ovs-uplink/v1\nkind: Host\nname: of-mine\ndescription: One link.\nuplink: eth7\nlinks: [{ name: eth7 }]\n';
  const load = async (host: string): Promise<HostScenario> => {
    writeFileSync(
      join(folder, 'x.yaml'),
      `apiVersion: ovs-uplink/v1\nkind: HostScenario\nname: x\ntitle: x\nruns: [{ recover: {} }]\nhost: ${host}\n`,
    );
    const [scenario] = await loadScenarios(join(folder, 'x.yaml'));
    return scenario as HostScenario;
  };

  it('is one of those that come with ovs-uplink', async () => {
    expect((await load('rich')).host.name).toBe('rich');
  });

  it('stands in the scenario itself', async () => {
    expect((await load(`\n${DESCRIPTION.replace(/^/gm, '  ')}`)).host.uplink).toBe('eth7');
  });

  it('is included from a file beside it, which may include another one, from its own folder on', async () => {
    writeFileSync(join(folder, 'hosts', 'one.yaml'), 'include: two.yaml\n');
    writeFileSync(join(folder, 'hosts', 'two.yaml'), DESCRIPTION);
    expect((await load('{ include: hosts/one.yaml }')).host.uplink).toBe('eth7');
  });

  it('is included by a symbolic link, and what it includes is beside the file itself', async () => {
    writeFileSync(join(folder, 'hosts', 'one.yaml'), 'include: two.yaml\n');
    writeFileSync(join(folder, 'hosts', 'two.yaml'), DESCRIPTION);
    symlinkSync('hosts/one.yaml', join(folder, 'linked.yaml'));
    expect((await load('{ include: linked.yaml }')).host.uplink).toBe('eth7');
  });
});
