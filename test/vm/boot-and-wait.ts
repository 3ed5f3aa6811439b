// A process of its own that boots a VM, says QEMU's pid on standard output, and is killed meanwhile.
import { bootVm } from './vm.ts';

await using _vm = await bootVm({ onStarted: pid => console.log(pid) });
