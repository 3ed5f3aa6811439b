import { isUplinkError } from '../errors.ts';

/** A command as `list-commands` shows it. */
export interface UnixctlCommand {
  readonly name: string;
  readonly usage: string;
}

/**
 * True for the refusal of a command that the daemon does not have, or does not have yet: ovs-vswitchd adds most of its
 * commands only when it has read the database (facts: blocks.md §5).
 */
export function isUnknownCommand(error: unknown): boolean {
  return (
    isUplinkError(error) &&
    error.code === 'UNIXCTL_REFUSED' &&
    error.details.got?.includes('is not a valid command') === true
  );
}

/** Reads the answer of `list-commands`: a heading, then a command and its arguments a line. */
export function parseCommands(text: string): UnixctlCommand[] {
  const commands: UnixctlCommand[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s+(\S+)\s*(.*)$/.exec(line);
    if (match !== null) commands.push({ name: match[1] ?? '', usage: (match[2] ?? '').trim() });
  }
  return commands;
}
