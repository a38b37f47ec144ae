import { LocalEtcd } from '../src/local-etcd/index.js';

// Starts an etcd, says where, and waits to be killed.
const [dataDir] = process.argv.slice(2);
const etcd = await LocalEtcd.start(dataDir === undefined ? {} : { dataDir });
const [member] = etcd.members;
console.log(JSON.stringify({ pid: member?.pid, logFile: member?.logFile }));
setInterval(() => undefined, 60_000);
