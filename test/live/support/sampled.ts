/** Of a long matrix every nth, each time the same ones: CI has no time for all. `npm run soak:failures` takes all. */
export function sampled<T>(all: readonly T[], nth: number): readonly T[] {
  return process.env['OVS_UPLINK_FAILURES'] === 'all' ? all : all.filter((_, at) => at % nth === 0);
}
