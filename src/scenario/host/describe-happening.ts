import type { Actor } from '../actor.ts';
import type { Fault, Moment } from '../scenario.ts';

/** `altname.add link eth0~, altname eth0`. */
export function describeActor({ kind, ...rest }: Actor): string {
  return `${kind}${describeFields(rest)}`;
}

/** `refuse errno EEXIST`, `delay 300 ms`. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'refuse': {
      const { kind, times, ...said } = fault;
      return `${kind}${describeFields({ ...said, times: times === 1 ? null : times })}`;
    }
    case 'delay':
      return `delay ${fault.byMs} ms`;
    case 'kill':
      return `kill ${fault.point}`;
    case 'drop-answer':
    case 'hang':
      return fault.kind;
  }
}

/** `state cuttingOver`, `operation route.replace 2`, `300 ms`. */
export function describeMoment(when: Moment): string {
  if ('atMs' in when) return `${when.atMs} ms`;
  const point = 'state' in when ? `state ${when.state}` : `operation ${when.operation}`;
  const nth = when.nth === 1 ? '' : ` ${when.nth}`;
  return `${point}${nth}${when.afterMs === 0 ? '' : ` + ${when.afterMs} ms`}`;
}

function describeFields(fields: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return said.length === 0 ? '' : ` ${said.map(([key, value]) => `${key} ${value}`).join(', ')}`;
}
