/**
 * Remembers what was set lately: at least the last `count` keys, at most twice as many. It forgets a whole generation at a
 * time, since to delete the oldest key of a Map one by one means to walk over all that were deleted before.
 */
export class Recent<K, V> {
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(readonly count: number) {}

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  has(key: K): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  set(key: K, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.count) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
