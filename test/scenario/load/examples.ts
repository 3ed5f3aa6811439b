/** A scenario of a host with each form that there is. */
export const HOST_EXAMPLE = `# yaml-language-server: $schema=../../scenario.schema.json
apiVersion: ovs-uplink/v1
kind: HostScenario
name: altname-comes-back
title: udev gives the altname back after it was taken away once
failures: [F-02]
upstream: ["antrea#6321"]
guards: >-
  The altname is removed once.
needs: [lab]
host: plain
runs:
  - migrate:
      { layout: host-port, bridge: br0, confirmWithin: 2s, confirm: true, accept: [name-taken], deadlines: { step: 2s, retry: 500ms } }
    expect: { result: committed, findings: [name-taken], alreadyDone: false }
  - restore: { accept: [foreign-ports] }
  - recover: {}
    expect: { failure: { code: OVSDB_TIMEOUT }, failedIn: cuttingOver.attachingUplink }
happens:
  - at: cuttingOver
    actor: { altname.add: { link: eth0~, altname: eth0 } }
  - at: { state: verifying, nth: 2, after: 5ms }
    actor: { vswitchd.kill: { for: 400ms } }
  - at: { time: 300ms }
    actor: { gateway.silent: {} }
  - at: { operation: route.replace, nth: 2 }
    actor: { uplink.altname: { times: 3, every: 20ms } }
  - at: gating
    actor: { sysctl.write: { link: eth0, key: ipv4/conf/rp_filter, value: 1 } }
  - at: { operation: address.add, nth: 1 }
    fault: { refuse: { errno: EEXIST, extAck: there, times: 2 } }
  - at: { operation: ovs.uplink.attach }
    fault: { refuse: { error: not owner } }
  - at: { operation: guard.arm }
    fault: refuse
  - at: { operation: journal.write committed }
    fault: drop-answer
  - at: { operation: announce }
    fault: { delay: 300ms }
  - at: { operation: ovs.bump }
    fault: hang
  - at: { operation: link.rename }
    fault: { kill: before }
never: [{ state: stranded }]
eventually: [{ effect: altname.remove }, { observed: /datapath_id/ }]
within: 20s
expect:
  sameAsBefore: true
  invariants: [I1, I7]
  host:
    links: { eth0: { altnames: [], addresses: { has: [10.9.0.2/24] } }, eth0~: null }
    journal: null
`;

/** A scenario of a chart with each form that there is. */
export const MACHINE_EXAMPLE = `apiVersion: ovs-uplink/v1
kind: MachineScenario
name: ready-in-time
title: ovs-vswitchd answers
machine: ovs-readiness
input: { bridge: br-ext, once: true }
answers:
  connectOvsdb: { output: { curCfg: 4 } }
  readFeatures: {}
  bumpConfiguration: { error: { code: OVSDB_TIMEOUT, what: no answer } }
steps:
  - send: { type: ovsdb.facts.changed, ovs: { curCfg: 5 } }
  - send: ovsdb.connection.opened
  - advance: 2s
  - reach: waiting.awaitingBridge
  - answer: { actor: bumpConfiguration, output: 5 }
  - answer: readFeatures
  - answer: { actor: readFeatures, error: { code: UNIXCTL_REFUSED, what: no such bridge } }
  - expect: { state: waiting.learningFeatures, context: { awaitedCfg: 5 }, invoked: [readFeatures], within: 1s }
  - expect: {}
never: [{ state: notReady }]
eventually: [{ effect: readFeatures br-ext }]
`;
