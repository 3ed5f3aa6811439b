import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a process to its end; resolves to ms until its first output (null: there was none) and until its end. Rejects unless it exits with 0. */
export async function runProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly firstOutputMs: number | null; readonly endMs: number; readonly stdout: string }> {
  const [file = '', ...args] = argv;
  const since = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let firstOutputMs: number | null = null;
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    firstOutputMs ??= performance.now() - since;
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}${stdout}`.slice(0, 2000));
  return { firstOutputMs, endMs: performance.now() - since, stdout };
}
