import { benchCalls } from './calls.js';
import { benchHandover } from './handover.js';
import { benchWatch } from './watch.js';

await benchCalls();
await benchWatch();
await benchHandover();
