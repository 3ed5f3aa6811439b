import type { scenarios } from './scenarios.ts';

/** The scenarios that the guest knows, by name. */
export type Scenarios = typeof scenarios;
export type ScenarioName = keyof Scenarios;
export type ScenarioOptions<Name extends ScenarioName> = Parameters<Scenarios[Name]>[0];
export type ScenarioResult<Name extends ScenarioName> = Awaited<ReturnType<Scenarios[Name]>>;

/** What the host asks of the guest: one line of JSON. */
export interface Request {
  readonly id: number;
  readonly scenario: string;
  readonly options: unknown;
}

/** What the guest says: one line of JSON. */
export type Reply =
  /** Once: requests are taken from now on. `release` is that of the kernel. */
  | { readonly type: 'ready'; readonly release: string }
  | { readonly type: 'done'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly error: string };
