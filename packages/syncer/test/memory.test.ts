import { describe, expect, it } from 'vitest';
import { MemorySchemaSyncer } from '../src/memory.js';
import { MemoryFleet } from '../src/memory-fleet.js';
import type { SchemaSyncer } from '../src/schema-syncer.js';
import { type ComplianceFleet, complianceCases } from '../src/testing/index.js';

function memoryFleet(): ComplianceFleet {
  const fleet = new MemoryFleet();
  const nodes: SchemaSyncer[] = [];
  return {
    node(options) {
      const node = new MemorySchemaSyncer(fleet, options);
      nodes.push(node);
      return node;
    },
    expire: async ({ id }) => fleet.expire(id),
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node.close();
    },
  };
}

describe('in one process', () => {
  it.each(complianceCases)('$name', async ({ run }) => {
    await using fleet = memoryFleet();
    await run(fleet);
  });

  it('refuses a fence, which it could not keep', async () => {
    const node = new MemorySchemaSyncer(new MemoryFleet(), { id: 'a' });
    await node.init();
    const fence = [{ target: 'create', result: '=', key: '/owner', value: 1n }] as const;
    await expect(node.ownerUpdateGlobalVersion(1n, { fence })).rejects.toThrow(/INVALID_ARGUMENT/);
    expect(await node.ownerUpdateGlobalVersion(1n, { fence: [] })).toBe(1n);
  });
});
