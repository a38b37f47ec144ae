import { describe, expect, it } from 'vitest';
import { FleetMember } from '../src/fleet-member.js';
import { MemorySchemaSyncer } from '../src/memory.js';
import { MemoryFleet } from '../src/memory-fleet.js';
import { exampleServerInfo } from '../src/testing/fleet.js';

const patience = { timeoutMs: 20_000 };
const protocol = 'metadata-lock';

describe('a member, by metadata lock', () => {
  const server = (fleet: MemoryFleet) =>
    new MemorySchemaSyncer(fleet, { id: 'a', protocol, serverInfo: exampleServerInfo('a', 4_000) });

  it('reports for each job that waits, and holds back one that it cannot follow yet', async () => {
    const fleet = new MemoryFleet();
    const owner = new MemorySchemaSyncer(fleet, { id: 'owner', protocol });
    const waiting = new Map([
      [1n, [7n]],
      [2n, [7n, 8n]],
      [3n, [7n, 8n]],
    ]);
    const held = new Set([8n]);
    await using _member = await FleetMember.join(server(fleet), {
      load: () => {},
      jobsOf: (version) => waiting.get(version)?.filter((job) => !held.has(job)) ?? [],
    });
    await owner.ownerUpdateGlobalVersion(1n);
    await owner.ownerUpdateGlobalVersion(2n);
    expect(await owner.ownerCheckAllVersions({ jobId: 7n, version: 2n }, patience)).toMatchObject({ total: 1 });
    await expect(owner.ownerCheckAllVersions({ jobId: 8n, version: 2n }, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'DEADLINE',
      behind: [{ id: 'a', version: undefined }],
    });
    held.clear();
    await owner.ownerUpdateGlobalVersion(3n);
    await owner.ownerCheckAllVersions({ jobId: 8n, version: 2n }, patience);
  });

  it('asks for the jobs again when that failed', async () => {
    const fleet = new MemoryFleet();
    const owner = new MemorySchemaSyncer(fleet, { id: 'owner', protocol });
    let failures = 3;
    await using _member = await FleetMember.join(server(fleet), {
      load: () => {},
      async jobsOf(version) {
        if (version > 0n && failures-- > 0) throw new Error('the job table is locked');
        return [1n];
      },
    });
    await owner.ownerUpdateGlobalVersion(1n);
    await owner.ownerCheckAllVersions({ jobId: 1n, version: 1n }, patience);
    expect(failures).toBe(-1);
  });

  it('is refused when nobody names the jobs', async () => {
    const joining = FleetMember.join(server(new MemoryFleet()), { load: () => {} });
    await expect(joining).rejects.toThrow(/INVALID_ARGUMENT.*jobsOf/);
  });
});
