import { DdlError } from '../errors.js';
import { type ActionType, actionTypeName, firstCustomActionType } from '../model/action-type.js';
import type { Action } from './action.js';
import { builtinActions } from './builtin.js';

/** The actions a worker or a queue knows, by type. */
export class ActionRegistry {
  readonly #actions = new Map<ActionType, Action>();

  /** @throws DdlError INVALID_JOB when an own action's type is not from 200 to 255, or taken. */
  constructor(own: readonly Action[] = []) {
    for (const action of builtinActions) {
      this.#actions.set(action.type, action);
    }
    for (const action of own) {
      if (!Number.isInteger(action.type) || action.type < firstCustomActionType || action.type > 255) {
        throw new DdlError(
          'INVALID_JOB',
          `the type of the action "${action.name}" must be from ${firstCustomActionType} to 255, not ${action.type}`,
        );
      }
      const other = this.#actions.get(action.type);
      if (other !== undefined) {
        throw new DdlError(
          'INVALID_JOB',
          `the actions "${other.name}" and "${action.name}" both have type ${action.type}`,
        );
      }
      this.#actions.set(action.type, action);
    }
  }

  find(type: ActionType): Action | undefined {
    return this.#actions.get(type);
  }

  /** @throws DdlError UNSUPPORTED (8200) with the type's name for one of TiDB's that is not done here, INVALID_JOB (8204) for one that nobody knows. */
  get(type: ActionType): Action {
    const action = this.#actions.get(type);
    if (action !== undefined) {
      return action;
    }
    const known = actionTypeName(type);
    throw known === undefined || type === 0
      ? new DdlError('INVALID_JOB', `Invalid DDL job type: ${type}`)
      : new DdlError('UNSUPPORTED', `Unsupported ${known}`);
  }
}
