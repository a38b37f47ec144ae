import type { ComplianceFleet } from './fleet.js';
import { fleetCases } from './fleet-cases.js';
import { lifeCases } from './life-cases.js';
import { metadataLockCases } from './metadata-lock-cases.js';

export type { ComplianceFleet } from './fleet.js';

/** One thing that every SchemaSyncer promises. */
export interface ComplianceCase {
  readonly name: string;
  /** Rejects, with an AssertionError in most cases, when the promise is not kept. */
  run(fleet: ComplianceFleet): Promise<void>;
}

/**
 * What every SchemaSyncer promises, whatever it stands on. In a test file:
 *
 *     for (const { name, run } of complianceCases) it(name, async () => { await using fleet = await makeFleet(); await run(fleet); });
 */
export const complianceCases: readonly ComplianceCase[] = [...fleetCases, ...lifeCases, ...metadataLockCases];
