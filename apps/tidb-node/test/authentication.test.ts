import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newNonce, Password } from '../src/server/authentication.js';

const digest = (algorithm: string, ...parts: Uint8Array[]) =>
  createHash(algorithm).update(Buffer.concat(parts)).digest();
const xor = (a: Buffer, b: Buffer) => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));

/** What a client computes, by MySQL's description of the two plugins. */
const prove = {
  mysql_native_password(password: string, nonce: Buffer) {
    const stage1 = digest('sha1', Buffer.from(password));
    return xor(stage1, digest('sha1', nonce, digest('sha1', stage1)));
  },
  caching_sha2_password(password: string, nonce: Buffer) {
    const stage1 = digest('sha256', Buffer.from(password));
    return xor(stage1, digest('sha256', digest('sha256', stage1), nonce));
  },
};

describe.each(['mysql_native_password', 'caching_sha2_password'] as const)('%s', (plugin) => {
  it('lets in who knows the password, and nobody else', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (password, other) => {
        const nonce = newNonce();
        const kept = new Password(password);
        expect(kept.verify(plugin, nonce, prove[plugin](password, nonce))).toBe(true);
        expect(kept.verify(plugin, nonce, prove[plugin](other, nonce))).toBe(other === password);
        expect(kept.verify(plugin, newNonce(), prove[plugin](password, nonce))).toBe(false);
        expect(kept.verify(plugin, nonce, Buffer.alloc(0))).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('takes only an empty proof where there is no password', () => {
    const none = new Password('');
    expect(none.verify(plugin, newNonce(), Buffer.alloc(0))).toBe(true);
    expect(none.verify(plugin, newNonce(), Buffer.alloc(20))).toBe(false);
  });
});

it('makes nonces without a zero byte, which would end them for a C client', () => {
  for (let i = 0; i < 200; i += 1) expect(newNonce().includes(0)).toBe(false);
});
