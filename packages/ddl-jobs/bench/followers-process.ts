import { startNode } from './node.js';

/** Servers that only follow, in a process of their own: `<endpoints> <root> <how many>`. */
const [endpoints = '', root = '', count = '0'] = process.argv.slice(2);
for (let at = 1; at <= Number(count); at++) {
  await startNode(endpoints.split(','), root, `follower-${at}`);
}
process.stdout.write('ready\n');
