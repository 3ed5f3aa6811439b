import { installMutation, MUTATION_VARIABLE } from './install-mutation.ts';
import type { Mutation } from './mutation.ts';

// Loaded with `--import` before anything else, in a process and in each of its worker threads, which inherit both.
const text = process.env[MUTATION_VARIABLE];
if (text !== undefined) installMutation(JSON.parse(text) as Mutation);
