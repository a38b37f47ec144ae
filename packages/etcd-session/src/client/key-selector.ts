import { EtcdError } from './errors.js';
import type { Bytes, KeySelector } from './types.js';

/** A selector as etcd takes it: one key when `rangeEnd` is missing, else `[key, rangeEnd)`, where `\0` means "to the last key". */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

const zero = Buffer.of(0);

/** Text becomes UTF-8, bytes are taken as they are, without a copy. */
export function toBuffer(bytes: Bytes): Buffer {
  if (typeof bytes === 'string') return Buffer.from(bytes, 'utf8');
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The first key after all keys with the prefix; `\0` (to the last key) where there is none. */
export function prefixEnd(prefix: Buffer): Buffer {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = prefix[i];
    if (byte !== undefined && byte < 0xff) {
      const end = Buffer.from(prefix.subarray(0, i + 1));
      end[i] = byte + 1;
      return end;
    }
  }
  return zero;
}

/**
 * Says a selector in etcd's terms.
 *
 * @throws EtcdError `INVALID_ARGUMENT` for a single key that is empty (etcd has no such key).
 */
export function toKeyRange(selector: KeySelector): KeyRange {
  if (typeof selector === 'string' || selector instanceof Uint8Array) {
    if (selector.length === 0) {
      throw new EtcdError(
        'INVALID_ARGUMENT',
        "the key is empty: etcd has no empty key; name one, or use { prefix: '' } for all keys",
      );
    }
    return { key: toBuffer(selector) };
  }
  if ('prefix' in selector) {
    const prefix = toBuffer(selector.prefix);
    return prefix.length === 0 ? { key: zero, rangeEnd: zero } : { key: prefix, rangeEnd: prefixEnd(prefix) };
  }
  const key = toBuffer(selector.key);
  return { key: key.length === 0 ? zero : key, rangeEnd: toBuffer(selector.end) };
}
