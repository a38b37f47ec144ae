import { buildGoPeer } from '../test/go-peer.js';
import { benchCalls } from './calls.js';
import { benchHandover } from './handover.js';
import { benchWatch } from './watch.js';

const go = await buildGoPeer();
try {
  await benchCalls(go);
  await benchWatch();
  await benchHandover(go);
} finally {
  await go.remove?.();
}
