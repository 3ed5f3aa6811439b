/** Which signals to hear; what is absent matches everything. */
export interface SignalFilter {
  /** A unique name (`:1.5`), or a well-known one: the bus then delivers what its owner of the moment sends. */
  readonly sender?: string;
  readonly path?: string;
  /** That path and all below it. */
  readonly pathNamespace?: string;
  readonly interface?: string;
  readonly member?: string;
  /** The first argument, where that is a text. */
  readonly arg0?: string;
}

/** A signal as it arrived. */
export interface BusSignal {
  readonly sender: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly body: readonly unknown[];
}

/** The text of a filter for `AddMatch` (D-Bus specification, "Match Rules"). */
export function formatMatchRule(filter: SignalFilter): string {
  const pairs: [key: string, value: string | undefined][] = [
    ['sender', filter.sender],
    ['path', filter.path],
    ['path_namespace', filter.pathNamespace],
    ['interface', filter.interface],
    ['member', filter.member],
    ['arg0', filter.arg0],
  ];
  const parts = pairs.flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}='${value.replaceAll("'", "'\\''")}'`],
  );
  return ["type='signal'", ...parts].join(',');
}

/** True for a signal that a filter asks for. A well-known sender is left to the bus: signals carry unique names. */
export function matchesFilter(signal: BusSignal, filter: SignalFilter): boolean {
  const { sender, path, pathNamespace, arg0 } = filter;
  if (sender?.startsWith(':') && sender !== signal.sender) return false;
  if (path !== undefined && path !== signal.path) return false;
  if (pathNamespace !== undefined && !isAtOrBelow(signal.path, pathNamespace)) return false;
  if (filter.interface !== undefined && filter.interface !== signal.interface) return false;
  if (filter.member !== undefined && filter.member !== signal.member) return false;
  return arg0 === undefined || arg0 === signal.body[0];
}

function isAtOrBelow(path: string, namespace: string): boolean {
  return namespace === '/' || path === namespace || path.startsWith(`${namespace}/`);
}
