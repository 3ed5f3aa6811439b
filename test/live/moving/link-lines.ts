/** One line of `ip -o monitor link` about a link itself: not its addresses, not its neighbours. */
const LINK_LINE = /^(?:Deleted )?\d+: ([^:@]+)[:@].* mtu /;

/** What the lines say of the state of these links: the name and whether it is up, or that it is gone. */
export function statesIn(lines: readonly string[], names: readonly string[]): readonly string[] {
  return lines.flatMap(line => {
    const name = LINK_LINE.exec(line)?.[1];
    if (name === undefined || !names.includes(name)) return [];
    return line.startsWith('Deleted') ? `Deleted ${name}` : `${name} ${/[<,]UP[,>]/.test(line) ? 'UP' : 'DOWN'}`;
  });
}

/** The names under which links were seen, each once, in order. */
export function namesIn(lines: readonly string[]): readonly string[] {
  return [...new Set(lines.flatMap(line => (line.startsWith('Deleted') ? [] : (LINK_LINE.exec(line)?.[1] ?? []))))];
}
