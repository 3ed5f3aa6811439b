/** What a pre-check found. Codes are stable. */
export interface Finding {
  /** Stable code in kebab-case, for instance `bridge-not-ours`. Listed in the README. */
  readonly code: string;
  /** `blocking` ends in `refused`; `warning` and `info` are shown only. */
  readonly severity: 'blocking' | 'warning' | 'info';
  /** What is so, naming the object: "eth0 is the parent of macvlan mv0". */
  readonly message: string;
  /** Who is in the way: a link, a bridge, a process, a file. */
  readonly culprit?: string;
  /** What the user can do about it. */
  readonly advice: string;
  /** Number in `facts/peers.md` §7, for instance `F-37`. */
  readonly fact?: string;
}
