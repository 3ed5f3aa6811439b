import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Logger } from 'pino';
import { pino } from 'pino';

/** What one guard writes at most; a way back has about 30 lines. What comes after is dropped. */
const MAX_BYTES = 256 << 10;

/**
 * The guard's log, `<state folder>/<uplink>.guard.log` (0600, JSON lines): it has no terminal and nobody watches it. Opened with the first
 * line, so a guard that had nothing to do leaves none; what earlier guards of the uplink did is kept as long as it is not too much.
 */
export function createGuardLog(stateDir: string, uplink: string): Logger {
  let fd: number | undefined;
  let leftBytes = MAX_BYTES;
  const open = (): number => {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    const opened = openSync(`${stateDir}/${uplink}.guard.log`, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    const stat = fstatSync(opened);
    if (!stat.isFile()) {
      closeSync(opened);
      throw new Error('not a file');
    }
    if (stat.size > MAX_BYTES) ftruncateSync(opened);
    return opened;
  };
  return pino(
    { level: 'info', base: { pid: process.pid } },
    {
      write(line: string) {
        const bytes = Buffer.byteLength(line);
        if (bytes > leftBytes) return;
        leftBytes -= bytes;
        try {
          fd ??= open();
          writeSync(fd, line);
        } catch {
          // A full or read-only disk must not keep the host from being put back.
        }
      },
    },
  );
}
