/**
 * Stands in a chart for a guard, an action, an actor or a delay that the engine provides. XState ignores a missing action without a word
 * and dies of a missing guard much later; this says at once what is missing.
 */
export function unprovided(): never {
  throw new Error('the engine must provide every guard, action, actor and delay of this chart');
}
