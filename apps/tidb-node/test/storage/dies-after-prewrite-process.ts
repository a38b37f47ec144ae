import { bytes, openStorage } from './open-storage.js';

/** Locks two keys, says so, and waits to be killed before it can commit. */
const [, , endpoint = ''] = process.argv;
const storage = await openStorage([endpoint]);
const startTs = await storage.timestamp();
const mutations = ['crash/1', 'crash/2'].map((key) => ({
  kind: 'put' as const,
  key: bytes(key),
  value: bytes('lost'),
}));
const result = await storage.store.prewrite({ mutations, primary: bytes('crash/1'), startTs, ttlMs: 1_500 }, {});
process.stdout.write(`${result.kind} ${startTs}\n`);
setInterval(() => undefined, 1_000);
