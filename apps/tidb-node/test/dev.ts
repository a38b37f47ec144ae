import { devNode } from './dev-node.js';
import { readFileSync } from 'node:fs';
const { engine, close } = await devNode();
const session = engine.createSession({ user: 'root', host: 'localhost:1' });
const show = (v: any): any => v === null ? null : typeof v === 'bigint' ? Number(v) : Buffer.isBuffer(v) ? v.toString('hex') : typeof v === 'object' && 'bytes' in v ? v.bytes.toString('hex') : typeof v === 'object' ? (v.name ?? v.names ?? v.toString()) : v;
export async function run(sql: string) {
  const out: any[] = [];
  for await (const r of session.execute(sql, { multiStatements: false })) {
    if (r.kind === 'ok') out.push({ affected: Number(r.affectedRows), info: r.info });
    else { const rows: any[] = []; for await (const b of r.rows) rows.push(...b.map((x) => x.map(show))); out.push({ columns: r.columns.map((c) => [c.name, c.type, c.length, c.flags]), rows }); }
  }
  return out[0];
}
const text = readFileSync(0, 'utf8');
for (const line of text.split('\n')) {
  if (!line.trim()) continue;
  try { const r = await run(line); console.log(line, '=>', JSON.stringify(r.rows ?? r)); } catch (e: any) { console.log(line, '!!', e.errno, e.sqlState, e.message, e.errno === 1105 || !e.errno ? e.cause?.stack ?? e.stack : ''); }
}
await close(); process.exit(0);
