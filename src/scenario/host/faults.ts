import { constants } from 'node:os';
import type { Operation, ParticularFault, Said } from '../../host/simulated/simulated-process.ts';
import type { Fault } from '../scenario.ts';

/** A fault as a simulated process has it, or why the operation cannot fail like that. */
export type ProcessFault = ParticularFault | { readonly impossible: string };

/** What a fault of a scenario is to the process that makes the operation. */
export function toProcessFault(fault: Fault, operation: Operation): ProcessFault {
  switch (fault.kind) {
    case 'refuse':
      return toRefusal(fault, operation);
    case 'drop-answer':
      return { kind: 'answer-lost' };
    case 'delay':
      return { kind: 'slow', lateMs: fault.byMs };
    case 'hang':
      return { kind: 'hang' };
    case 'kill':
      return { kind: fault.point === 'before' ? 'kill-before' : 'kill-after' };
  }
}

function toRefusal(
  { errno, extAck, error }: Extract<Fault, { kind: 'refuse' }>,
  { class: kind, name }: Operation,
): ProcessFault {
  const isOvsdb = kind === 'ovsdb';
  if (isOvsdb && (errno ?? extAck) !== null) return { impossible: `${name} is refused by OVSDB, which says \`error\`` };
  if (!isOvsdb && error !== null) return { impossible: `${name} is not refused by OVSDB: say \`errno\`` };
  if (error !== null) return { kind: 'refused', said: { ovsdbError: error } };
  if (errno === null && extAck === null) return { kind: 'refused' };
  const said = toErrno(errno ?? 'EINVAL');
  if (said === undefined) return { impossible: `there is no errno ${errno}` };
  return { kind: 'refused', said: extAck === null ? said : { ...said, extAck } };
}

function toErrno(errnoName: string): Said | undefined {
  const errno = (constants.errno as Readonly<Record<string, number>>)[errnoName];
  return errno === undefined ? undefined : { errno, errnoName };
}
