import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { LinkRef } from '../../src/domain/effect.ts';
import { isUplinkError, toFailure } from '../../src/errors.ts';
import { openSystemBus, type SystemBus } from '../../src/host/owners/bus/system-bus.ts';
import { readNetworkManager } from '../../src/host/owners/network-manager/read-network-manager.ts';
import {
  forgetInNetworkManager,
  setManaged,
  shieldFromNetworkManager,
} from '../../src/host/owners/network-manager/release.ts';
import { returnToNetworkManager } from '../../src/host/owners/network-manager/return.ts';
import { watchNetworkManager } from '../../src/host/owners/network-manager/watch.ts';
import type { Answer, Question } from './network-manager-asker.ts';

// Answers questions, one JSON object a line, through the project's own client of NetworkManager, in the namespaces where it is started.

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line) as Question)));
}

async function answer(question: Question): Promise<Answer> {
  const begun = performance.now();
  const took = () => Math.round(performance.now() - begun);
  try {
    const result = await act(question, await openBus(question.limitMs));
    return { result: result ?? null, tookMs: took() };
  } catch (error) {
    return { failure: toFailure(error), tookMs: took() };
  }
}

/** As the host opens it: a bus that does not answer in time is told as such. */
async function openBus(limitMs: number): Promise<SystemBus | 'absent' | 'silent'> {
  try {
    return (await openSystemBus({ limitMs })) ?? 'absent';
  } catch (error) {
    if (isUplinkError(error) && error.code === 'OWNER_UNREACHABLE') return 'silent';
    throw error;
  }
}

async function act({ what, link, profile, limitMs }: Question, bus: SystemBus | 'absent' | 'silent'): Promise<unknown> {
  const means = { bus, readLimitMs: limitMs };
  switch (what) {
    case 'read':
      return await readNetworkManager(link, [], means);
    case 'manage':
      return await setManaged(link, true, means);
    case 'shield':
      return await shieldFromNetworkManager(link, means);
    case 'forget':
      return await forgetInNetworkManager(link, means);
    case 'return':
      return await returnToNetworkManager(link, profile, { ...means, touch });
    case 'watch':
      if (typeof bus === 'string') throw new Error('no bus');
      await watchNetworkManager(bus, () => console.log(JSON.stringify({ told: true })));
      return null;
  }
}

async function touch({ name }: LinkRef): Promise<void> {
  for (const verb of ['add', 'del'])
    execFileSync('ip', ['addr', verb, '169.254.255.254/32', 'dev', name, 'scope', 'link']);
}
