import { SyncerError } from './syncer-error.js';

const maxInt64 = 2n ** 63n - 1n;

/**
 * The number that a version key holds: decimal digits of an int64 that is not negative, with a leading plus allowed, as Go's Atoi takes
 * it. `undefined` for everything else.
 */
export function parseVersion(text: string): bigint | undefined {
  if (!/^\+?\d{1,19}$/.test(text)) return undefined;
  const version = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return version <= maxInt64 ? version : undefined;
}

/** Refuses what is no version (or job id) with `INVALID_VERSION`. For callers without types, too. */
export function checkVersion(value: unknown, what: string): bigint {
  if (typeof value !== 'bigint') {
    throw new SyncerError(
      'INVALID_VERSION',
      `${what} is ${typeof value === 'number' ? `the number ${value}` : (JSON.stringify(value) ?? String(value))}; versions are 64-bit, so pass a bigint (5n, or BigInt(value))`,
    );
  }
  if (value < 0n || value > maxInt64) {
    throw new SyncerError('INVALID_VERSION', `${what} is ${value}; it must lie between 0 and 2^63 - 1 (${maxInt64})`);
  }
  return value;
}
