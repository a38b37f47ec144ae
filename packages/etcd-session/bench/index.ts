import { benchHandover } from './handover.js';

await benchHandover();
