import { describe, expect, test } from 'vitest';
import { type Action, ActionType, builtinActions, JobState, SchemaState } from '../src/index.js';

/*
 * TiDB's own tables of transitions, rollbacks and cancellable states, written down apart from the code, so that the state tables here are held against
 * something else than themselves.
 */
const { None, DeleteOnly, WriteOnly, WriteReorganization, DeleteReorganization, Public } = SchemaState;

const oneStep = [None, Public];
const dropsObject = [Public, WriteOnly, DeleteOnly, None];
const adds = [None, DeleteOnly, WriteOnly, WriteReorganization, Public];
const drops = [Public, WriteOnly, DeleteOnly, DeleteReorganization, None];
const untilPublic = [None, DeleteOnly, WriteOnly, WriteReorganization];

/** The states an element goes through, one version for each arrow, and those in which its job may be cancelled. */
const ofTidb: Readonly<Record<string, readonly [states: readonly SchemaState[], cancellable: readonly SchemaState[]]>> =
  {
    'create schema': [oneStep, [None]],
    'create table': [oneStep, [None]],
    'create view': [oneStep, [None]],
    'drop schema': [dropsObject, [Public]],
    'drop table': [dropsObject, [Public]],
    'drop view': [dropsObject, [Public]],
    'add column': [adds, untilPublic],
    'add index': [adds, untilPublic],
    'add primary key': [adds, untilPublic],
    'drop column': [drops, [Public]],
    'drop index': [drops, [Public]],
    'drop primary key': [drops, [Public]],
    'add foreign key': [oneStep, [None]],
    'drop foreign key': [[Public, None], [Public]],
    'truncate table': [oneStep, [None]],
    'rename table': [oneStep, [None]],
    'rename tables': [oneStep, [None]],
    'rename index': [oneStep, [None]],
    'alter index visibility': [oneStep, [None]],
    'rebase auto_increment ID': [oneStep, [None]],
    'set default value': [oneStep, [None]],
    'modify table comment': [oneStep, [None]],
    'modify table charset and collate': [oneStep, [None]],
    'modify schema charset and collate': [oneStep, [None]],
  };

/** The states along the edges that make a version. */
function statesOf(action: Action, edges: Action['forward'], from: SchemaState): readonly SchemaState[] {
  const states = [from];
  for (let at = from; ; ) {
    const edge = edges.find((each) => each.from === at && each.version);
    if (edge === undefined) {
      throw new Error(`${action.name} does not go on from state ${at}`);
    }
    states.push(edge.to);
    at = edge.to;
    if (edge.job === JobState.Done || edge.job === JobState.RollbackDone) return states;
  }
}

test('every action but modify column, which has three ways, and ALTER with several has its row', () => {
  const others: readonly number[] = [ActionType.ModifyColumn, ActionType.MultiSchemaChange];
  const names = builtinActions.filter((action) => !others.includes(action.type)).map((action) => action.name);
  expect(Object.keys(ofTidb).sort()).toEqual([...names].sort());
});

describe.each(builtinActions.filter((action) => action.name in ofTidb))('$name', (action) => {
  const [states = [], cancellable = []] = ofTidb[action.name] ?? [];

  test('goes through the states of TiDB, one version each', () => {
    expect(statesOf(action, action.forward, action.initial)).toEqual(states);
  });

  test('may be cancelled in the states of TiDB', () => {
    expect([...action.cancellable].sort()).toEqual([...cancellable].sort());
  });

  test('turns round to delete only where it had begun, and goes the way of a drop from there; what only drops goes on', () => {
    const begun = cancellable.filter((state) => state !== action.initial);
    expect(action.turn.map((edge) => edge.from).sort()).toEqual([...begun].sort());
    expect(action.turn.every((edge) => edge.to === DeleteOnly)).toBe(true);
    if (action.turn.length > 0) {
      expect(statesOf(action, action.rollback, DeleteOnly)).toEqual([DeleteOnly, DeleteReorganization, None]);
    }
  });
});
