import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chooseDatapath } from '../src/domain/build-plan.ts';
import { linkByName } from '../src/domain/kernel-state.ts';
import type { Layout } from '../src/domain/layout.ts';
import { LAYOUTS } from '../src/domain/layout.ts';
import { precheck } from '../src/domain/precheck/index.ts';
import { DEFAULT_DEADLINES } from '../src/domain/request.ts';
import { isDefault } from '../src/domain/route.ts';
import { takeSnapshot } from '../src/domain/snapshot.ts';
import type { HostDescription } from '../src/host/simulated/description/host-description.ts';
import { loadHost } from '../src/host/simulated/description/load-host.ts';

const FOLDER = new URL('../fixtures/hosts/', import.meta.url);
const FILES = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'));

function read(file: string): HostDescription {
  return loadHost(readFileSync(new URL(file, FOLDER), 'utf8'), file);
}

/** Codes of the blocking findings, each once. */
function blockingCodes(host: HostDescription, layout: Layout): readonly string[] {
  const request = {
    ...host.request,
    uplink: host.uplink,
    layout,
    probes: [{ kind: 'gateway' } as const],
    confirmWithinMs: null,
    deadlines: DEFAULT_DEADLINES,
  };
  const findings = precheck({
    request,
    kernel: host.kernel,
    ovs: host.ovsState,
    facts: host.facts,
    datapath: chooseDatapath(request, host.ovsState, host.facts),
    lockHolder: null,
    ownJournal: false,
  });
  const codes = findings.filter(finding => finding.severity === 'blocking').map(finding => finding.code);
  return [...new Set(codes)].sort();
}

it('there are enough hosts to explore', () => {
  expect(FILES.length).toBeGreaterThanOrEqual(14);
});

describe.each(FILES)('%s', file => {
  const host = read(file);

  it('is called like its file', () => {
    expect(`${host.name}.yaml`).toBe(file);
  });

  it('is plain JSON, the same each time', () => {
    expect(JSON.parse(JSON.stringify(host))).toEqual(host);
    expect(JSON.stringify(read(file))).toBe(JSON.stringify(host));
  });

  it.each(LAYOUTS)('layout %s: the pre-check refuses exactly what the description says', layout => {
    expect(blockingCodes(host, layout)).toEqual([...(host.refuses[layout] ?? [])].sort());
  });

  it('at least one layout is not refused', () => {
    expect(LAYOUTS.filter(layout => host.refuses[layout] === undefined)).not.toEqual([]);
  });

  it('describes every gateway of its default routes, and one over the uplink answers where there is one', () => {
    const hops = host.kernel.routes.filter(isDefault).flatMap(route => route.nexthops);
    const nameOf = (index: number | null) => host.kernel.links.find(link => link.index === index)?.name ?? '';
    const asked = hops.filter(hop => hop.gateway !== null).map(hop => `${hop.gateway} dev ${nameOf(hop.linkIndex)}`);
    const known = host.gateways.map(gateway => `${gateway.address} dev ${gateway.link}`);
    expect(asked.filter(one => !known.includes(one))).toEqual([]);
    const answering = host.gateways.filter(one => one.answers).map(one => `${one.address} dev ${one.link}`);
    const overUplink = asked.filter(one => one.endsWith(` dev ${host.uplink}`));
    expect(overUplink.length === 0 || overUplink.some(one => answering.includes(one))).toBe(true);
  });

  it('has a complete snapshot of its uplink', () => {
    const uplink = linkByName(host.kernel, host.uplink);
    const snapshot = takeSnapshot(host.kernel, uplink?.index ?? 0, host.sysctls[host.uplink] ?? {});
    expect(snapshot?.link).toMatchObject({ name: host.uplink, carrier: true });
    expect(Object.keys(snapshot?.sysctls ?? {}).length).toBeGreaterThan(100);
    expect(host.kernel.links.map(link => link.name).sort()).toEqual(Object.keys(host.sysctls).sort());
  });
});
