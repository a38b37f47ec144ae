import { PumpServer } from '../src/index.js';

// A Pump to be killed: pump-process.ts PD-URL DATA-DIR. It tells its address on the standard output.
const [pdUrl = '', dataDir = ''] = process.argv.slice(2);
const pump = await PumpServer.start({
  pdUrls: [pdUrl],
  dataDir,
  address: '127.0.0.1:0',
  nodeId: 'killed-pump',
  stopWriteAtAvailableSpace: 1,
  segmentBytes: 64 << 10,
  fakeBinlogIntervalMs: 3_600_000,
});
process.stdout.write(`${pump.address} ${pump.clusterId}\n`);
process.on('disconnect', () => process.exit());
