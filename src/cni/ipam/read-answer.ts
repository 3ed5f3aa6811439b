import * as z from 'zod';
import { parseBoundedJson } from '../bounded-json.ts';
import { CNI_CODES, CniError, cniError } from '../cni-error.ts';
import { checkSchema } from '../config/check-schema.ts';
import { type CniResult, resultSchema } from '../config/result-schema.ts';
import { familyOf, readPrefix } from '../ip-prefix.ts';
import { gatewayOf } from '../wanted-configuration.ts';
import type { ExecAnswer } from './exec-plugin.ts';

/** Text that is no JSON is shown that long. */
const LONGEST_SHOWN = 500;

const errorSchema = z.object({
  code: z.int().min(0).max(0xffffffff),
  msg: z.string(),
  details: z.string().nullish(),
});

/** The error that a plugin has ended with; undefined where it has succeeded. Its own code is passed on. */
export function errorOf(plugin: string, { exitCode, problem, stdout, stderr }: ExecAnswer): CniError | undefined {
  if (exitCode === 0) return undefined;
  const said = errorSchema.safeParse(jsonOf(stdout));
  if (problem === null && said.success) {
    const { code, msg, details } = said.data;
    return new CniError(code, `IPAM plugin ${plugin}: ${msg}`, details ?? '');
  }
  const words = [stdout, stderr].map(text => text.trim().slice(0, LONGEST_SHOWN)).filter(Boolean);
  return cniError(CNI_CODES.ipamFailed, {
    what: 'the IPAM plugin failed',
    object: plugin,
    expected: 'exit 0, or an error object on stdout',
    got: [problem ?? `exit ${exitCode}`, ...words].join(': '),
    advice: 'see what it says when it is run by hand',
  });
}

/** What a plugin has answered to ADD. Throws an error of code 104 for what cannot be put on a link. */
export function readResult(plugin: string, stdout: string): CniResult {
  const of = `the result of IPAM plugin ${plugin}`;
  const data = jsonOf(stdout);
  const broken = (expected: string, got: string) =>
    cniError(CNI_CODES.ipamFailed, {
      what: `${of} is not usable`,
      expected,
      got,
      advice: 'see the manual of the plugin',
    });
  if (data === undefined) throw broken('JSON on stdout', JSON.stringify(stdout.slice(0, LONGEST_SHOWN)));
  const result = checkSchema(resultSchema, data, CNI_CODES.ipamFailed, of);
  if (result.ips.length === 0) throw broken('an address', 'none');
  for (const { dst, gw } of result.routes) {
    const gateway = gatewayOf(gw);
    if (gateway !== undefined && familyOf(gateway) !== readPrefix(dst)?.family) {
      throw broken('a next hop of the family of its route', `${dst} via ${gateway}`);
    }
  }
  return result;
}

function jsonOf(text: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch {
    return undefined;
  }
}
