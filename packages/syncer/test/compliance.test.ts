import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import { complianceCases } from '../src/testing/index.js';
import { LocalFleet } from './local-fleet.js';

let fleet: LocalFleet;
beforeAll(async () => {
  fleet = await LocalFleet.start();
});
beforeEach(() => fleet.clear());
afterAll(() => fleet[Symbol.asyncDispose]());

describe('on etcd', () => {
  it.each(complianceCases)('$name', ({ run }) => run(fleet));
});
