import { createExec } from '../../src/cni/ipam/exec-plugin.ts';
import { runPlugin } from '../../src/cni/run-plugin.ts';
import { MemoryMover } from './memory-mover.ts';
import { ETH1, NETNS } from './plugin-bench.ts';

// The plugin as a program, as a bin file would have it; the links are in memory.
const mover = new MemoryMover([ETH1], [NETNS]);
const { env, stdin, stdout } = process;
const exec = createExec({ deadlineMs: 500, maxOutputBytes: 1 << 20 });
process.exitCode = await runPlugin({ env, stdin, stdout, exec, openMover: mover.open });
