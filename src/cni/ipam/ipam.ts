import type { CniResult } from '../config/result-schema.ts';
import type { Environment } from '../environment.ts';
import type { TextSink } from '../text-sink.ts';
import type { Exec, ExecAnswer } from './exec-plugin.ts';
import { findExecutable } from './find-executable.ts';
import { errorOf, readResult } from './read-answer.ts';

/** The plugin that addresses come from. Methods reject with a `CniError`: what the plugin has said, or why it could not be asked. */
export interface Ipam {
  add(): Promise<CniResult>;
  /** A command that has no result. */
  run(command: 'DEL' | 'CHECK' | 'GC' | 'STATUS'): Promise<void>;
}

/** What an IPAM plugin is run with: all that the plugin itself was. */
export interface IpamContext {
  readonly env: Environment;
  /** The network configuration as it was read, byte for byte. */
  readonly input: Uint8Array;
  readonly exec: Exec;
  /** Where its stderr goes. */
  readonly stderr: TextSink;
}

/** The IPAM plugin that `ipam.type` names. Rejects where it is not there; undefined where none is named. */
export async function openIpam(type: string | null | undefined, context: IpamContext): Promise<Ipam | undefined> {
  if (type === undefined || type === null || type === '') return undefined;
  const { env, input, exec, stderr } = context;
  const path = await findExecutable(type, env);
  const run = async (command: string): Promise<ExecAnswer> => {
    const answer = await exec({ path, env: { ...env, CNI_COMMAND: command }, input });
    if (answer.stderr !== '') stderr.write(answer.stderr);
    const error = errorOf(type, answer);
    if (error !== undefined) throw error;
    return answer;
  };
  return {
    add: async () => readResult(type, (await run('ADD')).stdout),
    run: async command => void (await run(command)),
  };
}
