import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkId, parseJobKey, schemaKeys, tidbKeys } from '../src/schema-keys.js';
import { checkVersion, parseVersion } from '../src/version.js';

describe('versions', () => {
  it('reads every int64 that is not negative, as Go writes it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (version) => parseVersion(String(version)) === version),
    );
    expect(parseVersion('+5')).toBe(5n);
    expect(parseVersion('007')).toBe(7n);
  });

  it.each([
    '',
    ' 5',
    '5 ',
    '5\n',
    '-1',
    '0x10',
    '1e3',
    '5.0',
    '5n',
    '٣',
    '9223372036854775808',
    '99999999999999999999',
  ])('takes %j for no version', (text) => expect(parseVersion(text)).toBeUndefined());

  it.each([-1n, 2n ** 63n, 5, '5', undefined, null, Number.NaN])('refuses %s from a caller', (value) => {
    expect(() => checkVersion(value, 'version')).toThrow(/^\[INVALID_VERSION\] version is/);
  });
});

describe('keys', () => {
  it('are those of TiDB unless told', () => {
    expect(schemaKeys()).toEqual(tidbKeys);
    expect(schemaKeys({ globalVersion: '/shop/version' })).toMatchObject({ globalVersion: '/shop/version' });
  });

  it('refuse a layout where one would count as part of another', () => {
    expect(() => schemaKeys({ selfVersions: '/a', globalVersion: '/a/b' })).toThrow(
      /keys.globalVersion \(\/a\/b\) lies inside keys.selfVersions/,
    );
    expect(() => schemaKeys({ selfVersions: '/a/' })).toThrow(/does not end with "\/"/);
    expect(() => schemaKeys({ selfVersions: '' })).toThrow(/INVALID_ARGUMENT/);
  });

  it('of jobs have a number and an id', () => {
    expect(parseJobKey('7/a')).toEqual({ jobId: 7n, id: 'a' });
    for (const bad of ['7', '7/', '/a', 'x/a', '7/a/b', '-1/a', '']) expect(parseJobKey(bad)).toBeUndefined();
  });

  it.each(['', 'a/b', 'a b', 'a\n', 'x'.repeat(256), 5, undefined])('refuse the id %j', (id) => {
    expect(() => checkId(id)).toThrow(/^\[INVALID_ARGUMENT\] id is/);
  });
});
