import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answering, type Bench, createBench, IPAM_RESULT, netConf } from './plugin-bench.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench[Symbol.asyncDispose]());

async function runProgram(
  command: string,
  config: unknown,
): Promise<{ exitCode: unknown; json: unknown; stderr: string }> {
  const env = { ...bench.env, CNI_COMMAND: command };
  const child = spawn(process.execPath, [`${import.meta.dirname}/plugin-process.ts`], { env, stdio: 'pipe' });
  child.stdin.end(JSON.stringify(config));
  const ended = new Promise(resolve => child.once('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { exitCode, json: JSON.parse(stdout), stderr };
}

const conf = netConf({ ipam: { type: 'pool' } });

describe('the plugin as a program', () => {
  it('reads the environment and stdin, and prints the result', async () => {
    await bench.install('pool', `echo a warning >&2\n${answering(IPAM_RESULT)}`);
    const { exitCode, json, stderr } = await runProgram('ADD', conf);
    expect({ exitCode, json }).toMatchObject({
      exitCode: 0,
      json: { ips: [{ address: '10.1.0.5/16', interface: 0 }] },
    });
    expect(stderr).toContain('a warning\n');
  });

  it('exits 1 with an error object on stdout', async () => {
    const { exitCode, json } = await runProgram('ADD', netConf({ device: 'eth7' }));
    expect({ exitCode, json }).toMatchObject({ exitCode: 1, json: { cniVersion: '1.1.0', code: 100 } });
  });

  it('ends at once, also when an IPAM plugin has left something behind that holds its pipes', async () => {
    await bench.install('pool', `[ "$CNI_COMMAND" != ADD ] || setsid sleep 20 &`);
    const before = performance.now();
    const { exitCode, json } = await runProgram('ADD', conf);
    expect({ exitCode, json }).toMatchObject({ exitCode: 1, json: { code: 104 } });
    expect(performance.now() - before).toBeLessThan(15_000);
  });
});
