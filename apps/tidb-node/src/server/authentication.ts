import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** The ways to prove a password that this server knows. */
export type AuthPlugin = 'mysql_native_password' | 'caching_sha2_password';

export const AUTH_PLUGINS: readonly AuthPlugin[] = ['mysql_native_password', 'caching_sha2_password'];

const hash = (algorithm: 'sha1' | 'sha256', ...parts: Uint8Array[]): Buffer => {
  const digest = createHash(algorithm);
  for (const part of parts) digest.update(part);
  return digest.digest();
};

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));

/** 20 random bytes for a greeting; none is zero, since clients read them as a C string. */
export function newNonce(): Buffer {
  return Buffer.from(randomBytes(20).map((byte) => (byte % 127) + 1));
}

/**
 * A password as the server keeps it: both plugins' double hashes. Since `caching_sha2_password`'s hash is at hand from
 * the start, its fast path always decides, and no password ever crosses the wire.
 */
export class Password {
  readonly #native: Buffer | undefined;
  readonly #sha2: Buffer | undefined;

  constructor(password: string) {
    if (password === '') return;
    const bytes = Buffer.from(password);
    this.#native = hash('sha1', hash('sha1', bytes));
    this.#sha2 = hash('sha256', hash('sha256', bytes));
  }

  get empty(): boolean {
    return this.#native === undefined;
  }

  /** Whether `proof` is the plugin's answer to `nonce` by someone who knows the password. */
  verify(plugin: AuthPlugin, nonce: Buffer, proof: Buffer): boolean {
    if (this.#native === undefined || this.#sha2 === undefined) return proof.length === 0;
    if (plugin === 'mysql_native_password') {
      if (proof.length !== 20) return false;
      const stage1 = xor(proof, hash('sha1', nonce, this.#native));
      return timingSafeEqual(hash('sha1', stage1), this.#native);
    }
    if (proof.length !== 32) return false;
    const stage1 = xor(proof, hash('sha256', this.#sha2, nonce));
    return timingSafeEqual(hash('sha256', stage1), this.#sha2);
  }
}
