import { writeFileSync, rmSync } from 'node:fs';
import { BenchCluster } from './cluster.js';
const pump = Number(process.env.PUMPS ?? 2);
const which = process.env.CASE ?? 'create8';
await using cluster = await BenchCluster.start(pump);
const cs = await cluster.connect(8);
let n = 0;
const one = cs[0]!;
await one.query('create table e (id int primary key, v int)');
const secs = async (s: number, f: () => Promise<unknown>) => { const end = performance.now() + s * 1000; let k = 0; const all: number[] = []; while (performance.now() < end) { const t=performance.now(); await f(); all.push(performance.now()-t); k++; } all.sort((a,b)=>a-b); return [k / s, all[all.length>>1]]; };
const cases: Record<string, () => Promise<unknown>> = {
  create1: () => secs(3, () => one.query(`create table d_${n++} (id int primary key, v int)`)),
  create8: async () => { const r = await Promise.all(cs.map((c) => secs(3, () => c.query(`create table d_${n++} (id int primary key, v int)`)))); return [r.reduce((a, b) => a + b[0]!, 0), r[0]![1]]; },
  addcol: () => secs(3, () => one.query(`alter table e add column c_${n++} int`)),
  addindex: () => secs(3, () => one.query(`alter table e add index i_${n++} (v)`)),
};
const warm = Number(process.env.WARM ?? 1);
for (let i = 0; i < warm; i++) console.log('warm', await cases[which]!());
writeFileSync('/tmp/ddltrace/on', ''); await new Promise((r) => setTimeout(r, 150));
console.log(which, await cases[which]!());
rmSync('/tmp/ddltrace/on');
await new Promise((r) => setTimeout(r, 200));
