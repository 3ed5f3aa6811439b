import { CNI_CODES, cniError } from './cni-error.ts';

/** A network configuration is never that long, also with the results of a long chain. */
const MAX_INPUT_BYTES = 1 << 20;

/** Reads stdin to its end. Rejects with an error of code 5 where it cannot be read, or has more than 1 MiB. */
export async function readInput(stdin: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const broken = (got: string) =>
    cniError(CNI_CODES.ioFailure, {
      what: 'cannot read the network configuration from stdin',
      expected: `at most ${MAX_INPUT_BYTES} bytes`,
      got,
      advice: 'see what the container runtime passes',
    });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stdin) {
      length += chunk.length;
      if (length > MAX_INPUT_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error));
  }
  if (length > MAX_INPUT_BYTES) throw broken('more');
  return Buffer.concat(chunks);
}
