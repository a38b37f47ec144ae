import type { WatchEvent } from '@tidb-js/etcd-session';
import { describe, expect, it } from 'vitest';
import { tidbKeys } from '../src/schema-keys.js';
import { formatServerInfo } from '../src/server-info.js';
import { exampleServerInfo } from '../src/testing/fleet.js';
import { judgeHistory, judgeUses } from './judge.js';

const global = tidbKeys.globalVersion;
const server = (id: string) => `${tidbKeys.serverInfo}/${id}`;
const info = (id: string, port: number, start = 1) =>
  formatServerInfo(exampleServerInfo(id, port, { start_timestamp: start }));

type Pair = readonly [key: string, value: string | undefined];

function events(...pairs: readonly Pair[]): WatchEvent[] {
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

describe.each([
  ['version-keys', (id: string) => `${tidbKeys.selfVersions}/${id}`],
  ['metadata-lock', (id: string) => `${tidbKeys.jobVersions}/1/${id}`],
] as const)("the judge of etcd's history, by %s", (protocol, report) => {
  const start = [
    [server('a'), info('a', 4000)],
    [server('b'), info('b', 4001)],
    [report('a'), '0'],
    [report('b'), '0'],
    [global, '1'],
    [report('a'), '1'],
  ] as const;
  const judge = (...pairs: readonly Pair[]) => judgeHistory(events(...pairs), protocol);

  it('lets pass what was seen by all', () => {
    expect(judge(...start, [report('b'), '1'], ['/judge/passed/1', 'o'], [global, '2'])).toEqual({
      passed: 1,
      problems: [],
    });
    const left = [
      [server('b'), undefined],
      [report('b'), undefined],
    ] as const;
    expect(judge(...start, ...left, ['/judge/passed/1', 'o']).problems).toEqual([]);
  });

  it('finds a version that was passed, or followed by the next, while a node was behind', () => {
    expect(judge(...start, ['/judge/passed/1', 'o']).problems).toHaveLength(1);
    expect(judge(...start, [global, '2']).problems).toHaveLength(1);
  });

  it('finds a global version that went back or jumped', () => {
    expect(judge([global, '2'], [global, '1']).problems).toHaveLength(1);
    expect(judge([global, '2'], [global, '4']).problems).toHaveLength(1);
  });
});

it('the judge counts a server that was started anew at its address once', () => {
  const restarted = [
    [server('old'), info('old', 4000, 1)],
    [server('new'), info('new', 4000, 2)],
    [global, '1'],
  ] as const;
  const passed = ['/judge/passed/1', 'o'] as const;
  const reported = (id: string) => [`${tidbKeys.jobVersions}/1/${id}`, '1'] as const;
  expect(judgeHistory(events(...restarted, reported('new'), passed), 'metadata-lock').problems).toEqual([]);
  expect(judgeHistory(events(...restarted, reported('old'), passed), 'metadata-lock').problems).toHaveLength(1);
});

it('the judge of uses finds a version that was used too late, or too early', () => {
  const at = (time: bigint, what: string, version: bigint) => ({ at: time, what, id: 'x', version });
  expect(judgeUses([at(3n, 'use', 1n), at(1n, 'passed', 1n), at(2n, 'use', 2n)]).problems).toEqual([]);
  expect(judgeUses([at(2n, 'use', 0n), at(1n, 'passed', 1n)]).problems).toHaveLength(1);
  expect(judgeUses([at(2n, 'use', 3n), at(1n, 'passed', 1n)]).problems).toHaveLength(1);
});
