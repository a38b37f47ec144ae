import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TidbNode } from '../src/index.js';
import { LocalCluster } from './local-cluster.js';

let cluster: LocalCluster;
let node: TidbNode;

beforeAll(async () => {
  cluster = await LocalCluster.start(1);
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error('no node');
  node = first;
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

const ask = async (path: string, method = 'GET') => {
  const answer = await fetch(`http://127.0.0.1:${node.statusPort}${path}`, { method });
  return { status: answer.status, text: await answer.text() };
};

// Statuses and words of a TiDB 6.6.
test.each([
  ['/schema/nope', 400, "[schema:1049]Unknown database 'nope'"],
  ['/schema/test/nope', 400, "[schema:1146]Table 'test.nope' doesn't exist"],
  ['/schema?table_id=99999', 400, '[schema:1146]Table which ID = 99999 does not exist.'],
  ['/schema?table_id=x', 400, 'strconv.Atoi: parsing "x": invalid syntax'],
  ['/db-table/99999', 400, '[schema:1146]Table which ID = 99999 does not exist.'],
  ['/db-table/x', 400, 'Wrong tableID: x'],
  ['/ddl/history?limit=0', 400, 'ddl history limit must be greater than 0'],
  ['/ddl/history?limit=x', 400, 'strconv.Atoi: parsing "x": invalid syntax'],
  ['/ddl/history?start_job_id=0', 400, 'ddl history start_job_id must be greater than 0'],
  ['/ddl/history?start_job_id=2', 400, "when 'start_job_id' is specified, it must work with a 'limit'"],
  ['/ddl/owner/resign', 400, 'This api only support POST method'],
  ['/nope', 404, '404 page not found'],
])('GET %s is refused as by TiDB', async (path, status, text) => {
  expect(await ask(path)).toEqual({ status, text });
});

test('the history begins at a job and goes back from it', async () => {
  const ids = async (query: string) =>
    (JSON.parse((await ask(`/ddl/history?${query}`)).text) as { id: number }[]).map(({ id }) => id);
  const all = await ids('limit=100');
  expect(all).toEqual([...all].sort((a, b) => b - a));
  const [, second = 0, third = 0] = all;
  expect(await ids(`start_job_id=${second}&limit=2`)).toEqual([second, third].filter((id) => id > 0));
  expect(await ids(`start_job_id=${(all[0] ?? 0) + 100}&limit=1`)).toEqual(all.slice(0, 1));
});

test('/info tells of the node in the order of TiDB, and POST /ddl/owner/resign moves the owner', async () => {
  const info = JSON.parse((await ask('/info')).text) as Record<string, unknown>;
  expect(Object.keys(info).slice(0, 3)).toEqual(['is_owner', 'max_procs', 'version']);
  expect(info).toMatchObject({ is_owner: true, listening_port: node.port, status_port: node.statusPort });
  expect(await ask('/ddl/owner/resign', 'POST')).toEqual({ status: 200, text: '"success!"' });
});
