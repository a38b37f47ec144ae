/** The job that a version of the test fleets belongs to: one job takes four versions, as adding a column does. */
export function jobOf(version: bigint): bigint {
  return version / 4n + 1n;
}
