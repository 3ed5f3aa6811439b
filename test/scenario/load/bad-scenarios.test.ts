import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { refusalOf } from './refusal-of.ts';

const FOLDER = fileURLToPath(new URL('../../../fixtures/bad-scenarios/', import.meta.url));

/** What the loader says of each wrong file. */
const REFUSALS: Readonly<Record<string, string>> = {
  'actor-and-fault-at-once': 'actor-and-fault-at-once.yaml:9:5: happens.0: actor and fault exclude each other',
  'after-nothing': 'after-nothing.yaml:9:9: happens.0.at: one of state, operation, time is missing',
  'anchors-bomb': 'anchors-bomb.yaml:11:12: aliases are not usable here: expected the value itself',
  'broken-address':
    'broken-address.yaml:11:43: happens.0.actor.address.add.address: an address must be a prefix like 10.9.0.0/24, not "10.9.0.300/24"',
  'broken-pattern':
    'broken-pattern.yaml:8:26: eventually.0.observed: not a pattern: Invalid regular expression: /datapath(/: Unterminated group',
  'code-by-a-tag':
    'code-by-a-tag.yaml:9:9: broken YAML: expected plain values without tags, got Unresolved tag: tag:yaml.org,2002:js/function',
  'committed-with-a-failure':
    'committed-with-a-failure.yaml:10:7: a run that ends in "committed" has no failure: got failure',
  'confirm-without-a-window':
    'confirm-without-a-window.yaml:7:44: nothing to confirm: expected confirmWithin, which opens the window, beside it',
  'cyclic-include':
    'hosts/back.yaml:2:10: the file includes itself: expected a description, got loop.yaml → back.yaml → loop.yaml',
  empty: 'empty.yaml:1:1: wrong value: expected keys and values, got nothing',
  'errno-of-ovsdb':
    'errno-of-ovsdb.yaml:10:24: ovs.uplink.attach is an operation of OVSDB: expected error, like "constraint violation", got errno',
  'error-and-errno':
    'error-and-errno.yaml:10:22: happens.0.fault.refuse: errno and error exclude each other: the kernel says the one, OVSDB the other',
  'fault-after-its-operation':
    'fault-after-its-operation.yaml:9:32: a fault is of the operation itself: expected no "after"; say fault: {delay: …} for an operation that is done later',
  'fault-on-a-state':
    'fault-on-a-state.yaml:9:9: a fault is of an operation, not of a state or a time: expected at: {operation: route.replace}; say actor for what others do in that state',
  'has-beside-something-else':
    'has-beside-something-else.yaml:10:62: expect.host.routes.exactly: beside has and lacks nothing can stand: they match a list',
  'include-of-what-is-no-yaml':
    'include-of-what-is-no-yaml.yaml:5:18: not an include: expected a path to a .yaml file, relative to this one, got ../../package.json',
  'key-twice': 'key-twice.yaml:9:1: broken YAML: expected every key once',
  'missing-include': 'missing-include.yaml:5:18: the included file is not there: expected a file, got hosts/none.yaml',
  'mistake-in-a-host-inside': 'mistake-in-a-host-inside.yaml:10:11: there is no link eth1: expected eth0',
  'mistake-in-an-included-host': 'hosts/mistaken.yaml:8:5: unknown key: got adresses; did you mean addresses?',
  'name-of-another-file':
    'name-of-another-file.yaml:3:7: the name is not that of the file: expected name-of-another-file, got some-other-name',
  'nested-too-deeply': 'nested-too-deeply.yaml:9:47: nested too deeply: expected at most 40 levels',
  'never-and-eventually': 'never-and-eventually.yaml:9:36: contradicts what must never show',
  'no-unit':
    'no-unit.yaml:8:9: within: cannot read duration: expected a number with a unit, like 500ms, 60s or 2m, got 20; say 20s for seconds or 20ms for milliseconds',
  'number-of-no-failure':
    'number-of-no-failure.yaml:6:18: failures.1: wrong value: expected a number like F-02, got #6321',
  'only-a-list': 'only-a-list.yaml:1:1: wrong value: expected keys and values, got a list',
  'ovsdb-error-of-the-kernel':
    'ovsdb-error-of-the-kernel.yaml:10:24: route.add is no operation of OVSDB: expected errno: the name of an errno, got error',
  'repeat-without-use': `repeat-without-use.yaml:8:11: repeated over values that nothing uses: expected \${errno} in some text, got errno`,
  'repeated-value-that-is-wrong':
    'repeated-value-that-is-wrong.yaml:10:31: happens.0.fault.refuse.errno: unknown errno: expected a name like EEXIST, got EBUZY; did you mean EBUSY?',
  'state-of-another-machine':
    'state-of-another-machine.yaml:7:22: steps.0.expect.state: unknown state: expected a state of ovs-readiness, got committed',
  'tab-as-indentation': 'tab-as-indentation.yaml:7:1: broken YAML: expected spaces as indentation, got a tab',
  'time-after-the-limit':
    'time-after-the-limit.yaml:9:17: happens after the scenario is over: expected at most 20000ms, which is "within", got 30000ms',
  'time-with-nth':
    'time-with-nth.yaml:9:27: happens.0.at.nth: a time comes once: "nth" belongs to a state or an operation',
  'two-documents': 'two-documents.yaml:8:1: broken YAML: expected one document in a file',
  'two-runs-in-one': 'two-runs-in-one.yaml:7:5: runs.0: migrate and restore exclude each other',
  'unknown-actor-that-answers':
    'unknown-actor-that-answers.yaml:7:3: unknown actor: got bumpConfigration; did you mean bumpConfiguration?',
  'unknown-actor-that-is-to-be-invoked':
    'unknown-actor-that-is-to-be-invoked.yaml:8:24: eventually.0.effect: unknown actor: expected an actor of ovs-readiness, got connectOvs; did you mean connectOvsdb?',
  'unknown-actor-to-answer':
    'unknown-actor-to-answer.yaml:7:22: steps.0.answer.actor: unknown actor: expected an actor of ovs-readiness, got connectOvsd; did you mean connectOvsdb?',
  'unknown-actor': 'unknown-actor.yaml:10:14: unknown actor: got uplink.carier.lose; did you mean uplink.carrier.lose?',
  'unknown-errno':
    'unknown-errno.yaml:10:31: happens.0.fault.refuse.errno: unknown errno: expected a name like EEXIST, got EEXSIT; did you mean EEXIST?',
  'unknown-error-code':
    'unknown-error-code.yaml:8:32: runs.0.expect.failure.code: unknown error code: expected a known error code, got OVSDB_TIMEUOT; did you mean OVSDB_TIMEOUT?',
  'unknown-event':
    'unknown-event.yaml:7:19: steps.0.send.type: unknown event: expected an event of ovs-readiness, got ovsdb.fact.changed; did you mean ovsdb.facts.changed?',
  'unknown-fault-with-values': 'unknown-fault-with-values.yaml:10:14: unknown fault: got dealy; did you mean delay?',
  'unknown-fault':
    'unknown-fault.yaml:10:12: happens.0.fault: unknown fault: expected refuse, refuse: {…}, drop-answer, delay: 300ms, hang or kill: before, got drop-anwser; did you mean drop-answer?',
  'unknown-finding':
    'unknown-finding.yaml:7:44: runs.0.migrate.accept.0: unknown finding code: expected a known finding code, got name-is-taken; did you mean name-taken?',
  'unknown-host':
    'unknown-host.yaml:5:7: unknown host: expected a name in fixtures/hosts, got plian; did you mean plain?',
  'unknown-journal-stage':
    'unknown-journal-stage.yaml:9:22: happens.0.at.operation: unknown operation: expected a known operation, got journal.write commited; did you mean journal.write committed?',
  'unknown-key-of-a-link': 'unknown-key-of-a-link.yaml:10:22: unknown key: got altname; did you mean altnames?',
  'unknown-key': 'unknown-key.yaml:8:1: unknown key: got hapens; did you mean happens?',
  'unknown-kind':
    'unknown-kind.yaml:2:7: kind: unknown kind: expected HostScenario, MachineScenario, MoveScenario, Recording, got HostScenaro; did you mean HostScenario?',
  'unknown-layout':
    'unknown-layout.yaml:7:24: runs.0.migrate.layout: unknown layout: expected host-port, bridge-port, exchange-names, attach-only, got hostport; did you mean host-port?',
  'unknown-machine':
    'unknown-machine.yaml:5:10: machine: unknown machine: expected uplink-migration, ovs-readiness, altname-guard, link-ownership, link-move, got ovs-readyness; did you mean ovs-readiness?',
  'unknown-name-in-braces':
    'unknown-name-in-braces.yaml:10:31: unknown name in braces: expected a name that stands under repeat, got erno; did you mean errno?',
  'unknown-operation':
    'unknown-operation.yaml:9:22: happens.0.at.operation: unknown operation: expected a known operation, got route.replce; did you mean route.replace?',
  'unknown-result':
    'unknown-result.yaml:8:23: runs.0.expect.result: unknown result: expected committed, refused, rolledBack, stranded, killed, none, got rolled-back; did you mean rolledBack?',
  'unknown-state-of-a-moment':
    'unknown-state-of-a-moment.yaml:9:9: happens.0.at: unknown state: expected a state of uplink-migration, got preparing.renamingUplink; did you mean preparing.standing.renamingUplink?',
  'unknown-state-to-reach':
    'unknown-state-to-reach.yaml:7:12: steps.0.reach: unknown state: expected a state of ovs-readiness, got awaitingVswitchd; did you mean waiting.awaitingVswitchd?',
  'unknown-state':
    'unknown-state.yaml:9:12: never.0.state: unknown state: expected a known state, got strandet; did you mean stranded?',
  'wrong-field-of-an-actor': 'wrong-field-of-an-actor.yaml:10:31: unknown key: got fro; did you mean for?',
  'wrong-type': 'wrong-type.yaml:8:9: within: wrong value: expected a duration like 300ms or 2s, got 20',
  'wrong-version':
    'wrong-version.yaml:1:13: apiVersion: wrong value: expected ovs-uplink/v1, got ovs-uplink/v2; did you mean ovs-uplink/v1?',
};

describe('a wrong scenario is refused with one error that says where, what was expected, and what was probably meant', () => {
  it.each(Object.entries(REFUSALS))('%s', async (name, message) => {
    const refusal = await refusalOf(`${FOLDER}${name}.yaml`);
    expect(refusal.replaceAll(FOLDER, '')).toBe(`${message} (USAGE)`);
  });

  it('and every file of the folder is such a one', () => {
    const names = readdirSync(FOLDER).filter(file => file.endsWith('.yaml'));
    expect(names.sort()).toEqual(
      Object.keys(REFUSALS)
        .map(name => `${name}.yaml`)
        .sort(),
    );
  });
});
