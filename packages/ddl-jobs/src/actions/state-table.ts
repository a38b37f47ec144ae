import { jobStateName } from '../model/job-state.js';
import { type SchemaState, schemaStateName } from '../model/schema-state.js';
import type { Action, Edge } from './action.js';

/** An action's state tables as Markdown: the README is made of these, and so can be the page of a team's own action. */
export function stateTable(action: Action): string {
  const rows = [
    ...action.forward.map((edge) => row('forward', edge)),
    ...action.turn.map((edge) => row('turns round', edge)),
    ...action.rollback.map((edge) => row('back', edge)),
  ];
  const where = action.cancellable.map((state) => wordOf(action, state)).join(', ');
  return [
    `**${action.name}** (${action.type}, ${action.queue} queue; can be cancelled and paused in: ${where})`,
    '',
    '| way | from | to | job | version | what it does |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function row(way: string, edge: Edge): string {
  const states = `${schemaStateName(edge.from)} | ${schemaStateName(edge.to)}`;
  return `| ${way} | ${states} | ${jobStateName(edge.job)} | ${edge.version ? '+1' : ''} | ${edge.does} |`;
}

function wordOf(action: Action, state: SchemaState): string {
  return state === action.initial ? `${schemaStateName(state)} (not begun)` : schemaStateName(state);
}
