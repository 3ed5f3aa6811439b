/** The states that a transition enters, outermost first: `cuttingOver`, `cuttingOver.movingRoutes`. What it was in already is not entered again. */
export function enteredStates(state: string, previous: string | null): readonly string[] {
  return pathsOf(state).filter(path => previous === null || !isWithin(previous, path));
}

/** True when a state is the named one or below it. */
export function isWithin(state: string, named: string): boolean {
  return state === named || state.startsWith(`${named}.`);
}

function pathsOf(state: string): readonly string[] {
  const parts = state.split('.');
  return parts.map((_, at) => parts.slice(0, at + 1).join('.'));
}
