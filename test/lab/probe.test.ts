import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLab, LAB_ADDRESSES, type Lab } from './lab.ts';
import { describeLive } from './live.ts';
import { startTcpProbe, startUdpProbe } from './probe.ts';
import { configurePlainHost, PLAIN_HOST } from './rich-host.ts';

const FAR = [LAB_ADDRESSES.far4, LAB_ADDRESSES.far6];
const HOST = [PLAIN_HOST.ipv4, PLAIN_HOST.ipv6];

describeLive('probe on an idle lab', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await createLab({ name: 'probe', ovs: 'none' });
    await configurePlainHost(lab);
  });
  afterAll(() => lab?.destroy());

  const directions = () => [
    { clientNs: lab.hostNs, serverNs: lab.farNs, targets: FAR },
    { clientNs: lab.farNs, serverNs: lab.hostNs, targets: HOST },
  ];

  it('loses and doubles nothing at 2 kHz in both families and both directions', async () => {
    for (const direction of directions()) {
      const lost: number[] = [];
      // Another process on this machine may starve one round; a probe that disturbs itself loses in each.
      for (let round = 0; round < 4 && !lost.includes(0); round += 1) {
        await using probe = await startUdpProbe(lab, direction);
        await probe.progress(4000);
        const results = await probe.stop();
        expect(Object.keys(results)).toEqual(direction.targets);
        for (const result of Object.values(results)) {
          expect(result).toMatchObject({ duplicates: 0, sendErrors: 0 });
          expect(result.sent).toBeGreaterThanOrEqual(4000);
          expect(result.rttP50Ms).toBeGreaterThan(0);
        }
        lost.push(Object.values(results).reduce((sum, result) => sum + result.lost, 0));
      }
      expect(lost).toContain(0);
    }
  });

  it('sees an outage of one family, its length and nothing beside it', async () => {
    const ends = { clientNs: lab.farNs, serverNs: lab.hostNs };
    await using cut = await startUdpProbe(lab, { ...ends, targets: [PLAIN_HOST.ipv4] });
    await using whole = await startUdpProbe(lab, { ...ends, targets: [PLAIN_HOST.ipv6] });
    await cut.progress(200);
    const rule =
      'table netdev outage { chain c { type filter hook ingress device "eth0" priority 0; meta protocol ip udp dport > 0 drop; }; }';
    const beforeMs = performance.now();
    await lab.run(lab.hostNs, ['nft', '-f', '-'], { input: rule, check: true });
    const cutMs = performance.now();
    await whole.progress(400); // 200 ms on the other family
    const stillCutMs = performance.now();
    await lab.run(lab.hostNs, ['nft', 'delete', 'table', 'netdev', 'outage'], { check: true });
    const afterMs = performance.now();
    await cut.progress(200);
    const result = (await cut.stop())[PLAIN_HOST.ipv4]!;
    expect(result.lostSpans).toHaveLength(1);
    expect(result.longestGapMs).toBeGreaterThan(stillCutMs - cutMs - result.longestSendStallMs - 5);
    expect(result.longestGapMs).toBeLessThan(afterMs - beforeMs + result.longestSendStallMs + 5);
    expect(result.lost).toBe(result.lostSpans[0]!.lastNumber - result.lostSpans[0]!.firstNumber + 1);
    expect(result.duplicates).toBe(0);
    expect((await whole.stop())[PLAIN_HOST.ipv6]).toMatchObject({ lost: 0, duplicates: 0 });
  });

  it('counts an answer that comes twice as a duplicate', async () => {
    await using probe = await startUdpProbe(lab, {
      clientNs: lab.farNs,
      serverNs: lab.hostNs,
      targets: HOST,
      rateHz: 200,
    });
    const rule = 'table netdev twice { chain c { type filter hook egress device "eth0" priority 0; dup to "eth0"; }; }';
    const made = await lab.run(lab.hostNs, ['nft', '-f', '-'], { input: rule });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    await probe.progress(50);
    await lab.run(lab.hostNs, ['nft', 'delete', 'table', 'netdev', 'twice'], { check: true });
    for (const result of Object.values(await probe.stop())) {
      expect(result.lost).toBe(0);
      expect(result.duplicates).toBeGreaterThanOrEqual(50);
    }
  });

  it('names the errno of a datagram that the kernel refuses to send', async () => {
    await using probe = await startUdpProbe(lab, {
      clientNs: lab.hostNs,
      serverNs: lab.farNs,
      targets: FAR,
      rateHz: 500,
    });
    await probe.progress(20);
    await lab.hostIp('route', 'replace', 'unreachable', 'default');
    await lab.run(lab.gatewayNs, ['true']);
    await lab.hostIp('route', 'replace', 'default', 'via', LAB_ADDRESSES.gateway4);
    await probe.progress(20);
    const results = await probe.stop();
    const result = results[LAB_ADDRESSES.far4]!;
    expect(result.sendErrors).toBeGreaterThan(0);
    expect(result.lost).toBeGreaterThanOrEqual(result.sendErrors);
    expect(result.sendErrorCodes).toEqual(['EHOSTUNREACH']);
    expect(results[LAB_ADDRESSES.far6]).toMatchObject({ lost: 0, sendErrors: 0 });
  });

  it('rejects when a target does not answer', async () => {
    const started = startUdpProbe(lab, {
      clientNs: lab.farNs,
      serverNs: lab.hostNs,
      targets: ['10.9.0.77'],
      startTimeoutMs: 1500,
    });
    await expect(started).rejects.toMatchObject({ code: 'PROBE_FAILED' });
  });

  it('carries a TCP stream both ways without a stall of note, in both families', async () => {
    for (const target of HOST) {
      await using probe = await startTcpProbe(lab, { clientNs: lab.farNs, serverNs: lab.hostNs, target });
      await probe.progress(500_000);
      const result = await probe.stop();
      expect(result).toMatchObject({ reset: null, corrupted: false, missingBytes: 0 });
      expect(result.bytes).toBeGreaterThanOrEqual(500_000);
      expect(result.longestStallMs).toBeLessThan(200);
    }
  });

  it('tells a reset of the TCP connection', async () => {
    await using probe = await startTcpProbe(lab, {
      clientNs: lab.farNs,
      serverNs: lab.hostNs,
      target: PLAIN_HOST.ipv4,
    });
    await probe.progress(10_000);
    await lab.run(lab.farNs, ['ss', '-K', 'dst', PLAIN_HOST.ipv4], { check: true });
    expect((await probe.stop()).reset).not.toBeNull();
  });
});
