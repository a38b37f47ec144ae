/**
 * The page's program. It builds elements and sets their text, so nothing that comes from a statement or a name is ever read as
 * markup.
 */
export const script = `
'use strict';
const byId = (id) => document.getElementById(id);
const el = (tag, attributes, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
};
const show = (id, children, empty) => byId(id).replaceChildren(...(children.length ? children : [el('p', { class: 'empty' }, empty)]));
const facts = (pairs) => el('dl', {}, ...pairs.filter(([, value]) => value !== undefined).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, String(value))]));
const ago = (ms) => ms < 1000 ? 'now' : ms < 90e3 ? Math.round(ms / 1000) + ' s' : ms < 90 * 60e3 ? Math.round(ms / 60e3) + ' min' : Math.round(ms / 36e5) + ' h';
const clock = (ms) => new Date(ms).toLocaleTimeString();
const tag = (text, kind) => el('span', { class: 'tag ' + (kind || '') }, text);
const STATES = ['none', 'delete only', 'write only', 'write reorganization', 'public'];
const rates = [];
let before;

function figures(view) {
  const answering = view.nodes.filter((node) => node.statements !== undefined);
  const total = answering.reduce((sum, node) => sum + node.statements, 0);
  if (before && before.count === answering.length && total >= before.total && view.at > before.at) {
    rates.push((total - before.total) / ((view.at - before.at) / 1000));
    if (rates.length > 90) rates.shift();
  }
  before = { total, at: view.at, count: answering.length };
  const versions = [...new Set(answering.map((node) => node.schemaVersion))].sort((a, b) => Number(BigInt(a) - BigInt(b)));
  const owner = view.nodes.find((node) => node.isOwner);
  const figure = (value, label, id) => el('div', { class: 'card figure', id }, el('b', String(value).length > 9 ? { class: 'long' } : {}, String(value)), el('span', {}, label));
  const rate = figure(rates.length ? Math.round(rates[rates.length - 1]) : 0, 'statements per second', 'rate');
  rate.append(spark());
  byId('figures').replaceChildren(
    figure(answering.length + ' of ' + view.nodes.length, 'nodes answer', 'nodes-up'),
    figure(versions.length ? versions.join(' → ') : '–', versions.length > 1 ? 'schema versions, moving' : 'schema version', 'version'),
    figure(owner ? owner.address : 'none', 'runs schema changes', 'owner'),
    figure(view.jobs.filter((job) => !/^(synced|cancelled|rollback done)$/.test(job.state)).length, 'schema changes under way', 'running'),
    rate);
}

function spark() {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', '0 0 90 20');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const top = Math.max(1, ...rates);
  const line = document.createElementNS(ns, 'polyline');
  line.setAttribute('points', rates.map((rate, i) => i + ',' + (19 - 18 * rate / top).toFixed(1)).join(' '));
  line.setAttribute('fill', 'none');
  line.setAttribute('stroke', 'currentColor');
  line.setAttribute('vector-effect', 'non-scaling-stroke');
  svg.append(line);
  return svg;
}

function nodeCard(node, newest) {
  const behind = node.schemaVersion !== undefined && newest !== undefined && BigInt(node.schemaVersion) < newest;
  return el('article', { class: 'card node' },
    el('div', { class: 'top' }, el('b', {}, node.address),
      node.isOwner ? tag('DDL owner', 'good') : undefined,
      node.problem ? tag(node.problem, 'bad') : behind ? tag('behind', 'warn') : undefined),
    facts([['schema version', node.schemaVersion], ['connections', node.connections], ['statements', node.statements],
      ['up for', ago(Date.now() - node.startedAt)], ['status port', node.statusAddress]]),
    el('p', { class: 'id' }, node.id));
}

function barrierCard(barrier, nodes) {
  const total = barrier.total || nodes.length;
  const late = barrier.behind.map((one) => (one.address || one.id) + (one.version ? ' at version ' + one.version : ' has not reported'));
  const fill = el('i', {});
  fill.style.width = Math.round(100 * (total - late.length) / Math.max(total, 1)) + '%';
  return el('article', { class: 'card barrier' },
    el('div', { class: 'top' }, el('b', {}, 'Version ' + barrier.version), tag(Date.now() - barrier.sinceMs < 1000 ? 'on its way' : 'waiting for ' + ago(Date.now() - barrier.sinceMs), 'warn')),
    el('div', { class: 'bar' }, fill),
    facts([['job', '#' + barrier.jobId], ['loaded by', (total - late.length) + ' of ' + total],
      ...late.map((one) => ['still behind', one])]));
}

function jobCard(job) {
  const over = /^(synced|cancelled|rollback done)$/.test(job.state);
  const kind = job.state === 'synced' ? 'good' : over || /rolling|cancel/.test(job.state) ? 'bad' : 'warn';
  const states = STATES.includes(job.schemaState) ? STATES : [...STATES, job.schemaState];
  return el('article', { class: 'card job' },
    el('div', { class: 'top' }, el('b', {}, '#' + job.id + ' ' + job.type), tag(job.state, kind),
      el('span', { class: 'empty' }, [job.database, job.table].filter(Boolean).join('.'))),
    over ? undefined : el('ol', { class: 'states' }, ...states.map((state) => el('li', state === job.schemaState ? { class: 'now' } : {}, state))),
    job.query ? el('p', { class: 'query' }, job.query) : undefined,
    job.rows ? facts([['rows', job.rows]]) : undefined,
    job.error ? el('p', { class: 'problem' }, job.error) : undefined);
}

function pumpCard(pump, view) {
  const silent = pump.silentMs > 10e3;
  return el('article', { class: 'card pump' },
    el('div', { class: 'top' }, el('b', {}, pump.id), tag(silent && pump.state === 'online' ? 'silent' : pump.state, silent ? 'bad' : pump.state === 'online' ? 'good' : 'warn')),
    facts([['address', pump.address], ['watermark', pump.watermark], ['complete up to', clock(view.at - pump.lagMs)], ['lag', ago(pump.lagMs)], ['last heard of', ago(pump.silentMs)]]));
}

function draw(view) {
  const versions = view.nodes.flatMap((node) => node.schemaVersion === undefined ? [] : [BigInt(node.schemaVersion)]);
  const newest = versions.reduce((a, b) => a === undefined || b > a ? b : a, undefined);
  figures(view);
  const barriers = view.nodes.flatMap((node) => node.barriers || []);
  byId('barriers').replaceChildren(...barriers.map((barrier) => barrierCard(barrier, view.nodes)));
  show('nodes', view.nodes.map((node) => nodeCard(node, newest)), 'no node is announced');
  show('jobs', view.jobs.map(jobCard), 'no schema change yet');
  show('pumps', view.pumps.map((pump) => pumpCard(pump, view)), 'no Pump is registered: binlogs are not written');
}

const link = byId('link');
const say = (text, lost) => { link.textContent = text; link.className = lost ? 'lost' : ''; };
const live = new EventSource('api/live');
live.onmessage = (event) => { draw(JSON.parse(event.data)); say('live', false); };
live.addEventListener('problem', (event) => say(JSON.parse(event.data), true));
live.onerror = () => say('connection lost, trying again', true);
`;
