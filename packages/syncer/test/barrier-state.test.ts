import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BarrierMember, BarrierState } from '../src/barrier-state.js';

const member = (id: string, value: string | undefined, registration = 1n): BarrierMember => ({
  id,
  value,
  registration,
});

describe('at least', () => {
  it('passes without members', () => {
    const state = new BarrierState({ version: 5n }, 'at-least');
    state.update([]);
    expect(state.synced).toBe(true);
  });

  it('names who is behind, with what it reported', () => {
    const state = new BarrierState({ version: 5n }, 'at-least');
    state.update([
      member('b', '4'),
      member('a', 'x'),
      member('c', '5'),
      member('d', undefined),
      { ...member('e', '0'), address: '10.0.0.1:4000' },
    ]);
    expect(state.synced).toBe(false);
    expect(state.progress()).toMatchObject({
      total: 5,
      behind: [
        { id: 'a', version: undefined, invalid: 'x' },
        { id: 'b', version: 4n },
        { id: 'd', version: undefined },
        { id: 'e', version: 0n, address: '10.0.0.1:4000' },
      ],
    });
  });

  it('asks a member again that starts anew at 0', () => {
    const state = new BarrierState({ version: 5n }, 'at-least');
    state.update([member('a', '5'), member('b', '4')]);
    state.update([member('a', '0', 2n), member('b', '5')]);
    expect(state.behind.map(({ id }) => id)).toEqual(['a']);
  });

  it('keeps the time since when a member is behind, until it has caught up once', () => {
    const state = new BarrierState({ version: 5n }, 'at-least');
    state.update([member('a', '3')]);
    const since = state.behind[0]?.sinceMs;
    state.update([member('a', '4')]);
    expect(state.behind[0]).toMatchObject({ version: 4n, sinceMs: since });
  });

  it('tells who joined and left since it was asked last, and nothing twice', () => {
    const state = new BarrierState({ version: 5n }, 'at-least');
    state.update([member('a', '4'), member('b', '4')]);
    expect(state.progress()).toMatchObject({ joined: [], left: [] });
    state.update([member('b', '4'), member('c', '4')]);
    state.update([member('b', '4'), member('c', '4'), member('d', '4')]);
    expect(state.progress()).toMatchObject({ joined: ['c', 'd'], left: ['a'] });
    expect(state.changed).toBe(false);
    state.update([member('b', '4'), member('c', '4'), member('d', '4')]);
    expect(state.changed).toBe(false);
    expect(state.progress()).toMatchObject({ joined: [], left: [] });
  });

  it('is synced exactly when the least of the versions reaches it', () => {
    const values = fc.array(fc.bigInt({ min: 0n, max: 8n }), { maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 1, maxLength: 5 }),
        fc.bigInt({ min: 1n, max: 8n }),
        (rounds, version) => {
          const state = new BarrierState({ version }, 'at-least');
          for (const round of rounds) {
            state.update(round.map((value, index) => member(`n${index}`, String(value))));
            expect(state.synced).toBe(round.every((value) => value >= version));
          }
        },
      ),
    );
  });
});

describe('equal', () => {
  it('takes a greater version for behind', () => {
    const state = new BarrierState({ version: 5n }, 'equal');
    state.update([member('a', '6')]);
    expect(state.synced).toBe(false);
  });

  it('does not ask again who was seen at the version, but asks its next registration', () => {
    const state = new BarrierState({ version: 5n }, 'equal');
    state.update([member('a', '5'), member('b', '4')]);
    state.update([member('a', '6'), member('b', '5')]);
    expect(state.synced).toBe(true);
    state.update([member('a', '0', 2n), member('b', '5')]);
    expect(state.synced).toBe(false);
  });
});
