import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rowsStart } from '../src/actions/drop-table.js';
import {
  decodeDBInfo,
  decodeJob,
  decodeSchemaDiff,
  decodeTableInfo,
  encodeJob,
  isFinished,
  JobState,
  parseJson,
  stringifyJson,
} from '../src/index.js';
import { historyKey } from '../src/meta/meta.js';
import { hashFieldOf, hashKey, stringKey } from '../src/meta/structure.js';

interface Pair {
  readonly key: string;
  readonly value_text: string;
}
interface Case {
  readonly name: string;
  readonly history_json?: string;
}

const load = (file: string) => JSON.parse(readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8'));
const pairs: readonly Pair[] = load('kv-meta.json').kvs;
const cases: readonly Case[] = load('ddl-jobs.json').cases;
/** The jobs of GET /ddl/history, each as the compact text that TiDB stores. */
const histories = cases.flatMap(({ name, history_json }) => {
  const jobs = history_json === undefined ? [] : parseJson(history_json);
  return Array.isArray(jobs) ? jobs.map((job) => ({ name, text: stringifyJson(job) })) : [];
});

describe('what TiDB 6.6 wrote', () => {
  test.each(histories)('the job of "$name" comes out of a read and a write byte for byte', ({ text }) => {
    const job = decodeJob(text);
    expect(encodeJob(job)).toBe(text);
    expect(typeof job.start_ts).toBe('bigint');
    expect(isFinished(job.state)).toBe(true);
  });

  test('there are jobs that were synced, and jobs that were rolled back with their error', () => {
    const states = new Set(histories.map(({ text }) => decodeJob(text).state));
    expect(states).toEqual(new Set([JobState.Synced, JobState.RollbackDone]));
    const cancelled = histories.map(({ text }) => decodeJob(text)).find((job) => job.err?.code === 8214);
    expect(cancelled?.err?.message).toBe('Cancelled DDL job');
  });

  test.each(pairs.filter(({ value_text }) => value_text?.startsWith('{')))('the value of $key survives', (pair) => {
    const key = Buffer.from(pair.key, 'hex');
    const decode = decoderOf(key);
    expect(stringifyJson(decode(pair.value_text))).toBe(pair.value_text);
  });

  test('keys have the bytes of its structure encoding', () => {
    const known = new Set(pairs.map((pair) => pair.key));
    const has = (key: Buffer) => expect(known, key.toString('latin1')).toContain(key.toString('hex'));
    has(stringKey('NextGlobalID'));
    has(stringKey('SchemaVersionKey'));
    has(stringKey('Diff:1'));
    has(stringKey('Diff:100'));
    has(hashKey('DBs', 'DB:129'));
    has(hashKey('DB:129', 'IID:186'));
    has(hashKey('DB:84', 'TID:104'));
    has(historyKey(3));
  });

  test('a field of a hash comes back out of its key', () => {
    const key = hashKey('DB:129', 'Table:1234567890');
    expect(hashFieldOf(key, 'DB:129')?.toString()).toBe('Table:1234567890');
  });

  test('the rows of a dropped table begin where its job said', () => {
    const job = histories
      .map(({ text }) => decodeJob(text))
      .find((each) => each.table_name === 'srb' && each.type === 4);
    expect(job?.raw_args).toEqual([rowsStart(168), [], ['schema/vd/srb']]);
  });
});

function decoderOf(key: Buffer): (text: string) => unknown {
  const text = key.toString('latin1');
  if (text.startsWith('mDDLJobHi')) return decodeJob;
  if (text.startsWith('mDiff:')) return decodeSchemaDiff;
  if (text.startsWith('mDBs')) return decodeDBInfo;
  return decodeTableInfo;
}
