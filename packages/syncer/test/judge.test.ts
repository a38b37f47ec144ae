import type { WatchEvent } from '@tidb-js/etcd-session';
import { describe, expect, it } from 'vitest';
import { tidbKeys } from '../src/schema-keys.js';
import { judgeHistory, judgeUses } from './judge.js';

const global = tidbKeys.globalVersion;
const node = (id: string) => `${tidbKeys.selfVersions}/${id}`;

function events(...pairs: readonly (readonly [string, string | undefined])[]): WatchEvent[] {
  return pairs.map(([key, value], index) => ({
    type: value === undefined ? 'delete' : 'put',
    kv: {
      key: Buffer.from(key),
      value: Buffer.from(value ?? ''),
      createRevision: 0n,
      modRevision: BigInt(index),
      version: 1n,
      lease: 0n,
    },
    prevKv: undefined,
  }));
}

describe("the judge of etcd's history", () => {
  const start = [
    [node('a'), '0'],
    [node('b'), '0'],
    [global, '1'],
    [node('a'), '1'],
  ] as const;

  it('lets pass what was seen by all', () => {
    expect(judgeHistory(events(...start, [node('b'), '1'], ['/judge/passed/1', 'o'], [global, '2']))).toEqual({
      passed: 1,
      problems: [],
    });
    expect(judgeHistory(events(...start, [node('b'), undefined], ['/judge/passed/1', 'o'])).problems).toEqual([]);
  });

  it('finds a version that was passed, or followed by the next, while a node was behind', () => {
    expect(judgeHistory(events(...start, ['/judge/passed/1', 'o'])).problems).toHaveLength(1);
    expect(judgeHistory(events(...start, [global, '2'])).problems).toHaveLength(1);
  });

  it('finds a global version that went back or jumped', () => {
    expect(judgeHistory(events([global, '2'], [global, '1'])).problems).toHaveLength(1);
    expect(judgeHistory(events([global, '2'], [global, '4'])).problems).toHaveLength(1);
  });
});

it('the judge of uses finds a version that was used too late, or too early', () => {
  const at = (time: bigint, what: string, version: bigint) => ({ at: time, what, id: 'x', version });
  expect(judgeUses([at(3n, 'use', 1n), at(1n, 'passed', 1n), at(2n, 'use', 2n)]).problems).toEqual([]);
  expect(judgeUses([at(2n, 'use', 0n), at(1n, 'passed', 1n)]).problems).toHaveLength(1);
  expect(judgeUses([at(2n, 'use', 3n), at(1n, 'passed', 1n)]).problems).toHaveLength(1);
});
