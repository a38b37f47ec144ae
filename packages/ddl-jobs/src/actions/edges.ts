import { JobState } from '../model/job-state.js';
import { SchemaState } from '../model/schema-state.js';
import type { Action, Edge, StepContext } from './action.js';

/*
 * Edges that several actions share: those whose whole work is to put their element into the state that the edge leads to, and actions that are one step.
 */

const { None, DeleteOnly, WriteOnly, WriteReorganization, Public } = SchemaState;

/** Puts an action's element into a state, and writes it. */
export type SetState = (step: StepContext, to: SchemaState) => Promise<void>;

/** A step on the way there, with a version of its own. */
export function onward(
  from: SchemaState,
  to: SchemaState,
  does: string,
  setState: SetState,
  more: Pick<Edge, 'when' | 'commits' | 'announces'> = {},
): Edge {
  return {
    from,
    to,
    job: JobState.Running,
    version: true,
    does,
    ...more,
    run: async (step) => setState(step, to),
  };
}

/** A step on the way back; a version of its own where the state changes. */
export function back(from: SchemaState, to: SchemaState, does: string, setState: SetState): Edge {
  return { ...onward(from, to, does, setState), job: JobState.Rollingback, version: from !== to };
}

/** Where what is added turns round: from each of its states to delete only, from which the way back begins. */
export function turnsOfAdded(setState: SetState): readonly Edge[] {
  return [
    back(WriteReorganization, DeleteOnly, 'takes it back to delete only', setState),
    back(WriteOnly, DeleteOnly, 'takes it back to delete only', setState),
    back(DeleteOnly, DeleteOnly, 'turns round where it is', setState),
  ];
}

/** Before a backfill: fixes the moment whose rows it reads. */
export function fixSnapshot(does: string): Edge {
  return {
    from: WriteReorganization,
    to: WriteReorganization,
    job: JobState.Running,
    version: false,
    does,
    when: (step) => step.job.snapshot_ver === 0n,
    run: async (step) => step.change({ snapshot_ver: step.startTs }),
  };
}

/** An action that is one step of one version, which cannot be undone. It leaves no arguments. */
export function oneStep(
  action: Pick<Action, 'type' | 'name' | 'involves'> & {
    readonly does: string;
    /** It takes a public object away; the others end with one. */
    readonly removes?: boolean;
    readonly run: (step: StepContext) => Promise<void>;
  },
): Action {
  const { type, name, involves, does, removes = false, run } = action;
  const [from, to] = removes ? [Public, None] : [None, Public];
  return {
    type,
    name,
    queue: 'general',
    initial: from,
    cancellable: [from],
    involves,
    forward: [
      {
        from,
        to,
        job: JobState.Done,
        version: true,
        does,
        commits: true,
        async run(step) {
          await run(step);
          step.change({ raw_args: null });
        },
      },
    ],
    turn: [],
    rollback: [],
  };
}
