/** A mutant that the chart proofs do not catch, and why that is right. */
export interface Explanation {
  readonly chart: string;
  /** As {@link Mutation.what} says it. */
  readonly what: string;
  /** `equivalent`: the mutant does what the chart does. `explored`: exploration catches it, see `npm run mutate`. */
  readonly kind: 'equivalent' | 'explored';
  readonly reason: string;
}

/** Every survivor of the chart proofs. One that is caught by now, or is gone, is an error. There is none at present. */
export const EXPLAINED: readonly Explanation[] = [];

/** Inverses whose absence no end of a run shows, by step: who notices instead. */
export const INVERSES_ELSEWHERE: Readonly<Record<string, string>> = {
  restoringRoutes: 'restoringLink brings the routes back, but late: test/verify/explore/no-gap.test.ts sees the gap',
  unmutingUplink:
    'removingHostPort lets the kernel hear again, but late: test/verify/explore/no-gap.test.ts sees the gap',
  detachingUplink:
    'removingHostPort removes the rows of both ports in one transaction; a step of its own keeps the outage short',
};
