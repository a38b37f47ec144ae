import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { Component, type ComponentKind, type ComponentSpec, type ComponentState } from './component.js';
import { PlaygroundError } from './errors.js';
import { freePort } from './ports.js';
import type { Programs } from './programs.js';

export interface PlaygroundOptions {
  /** Nodes that speak MySQL. Default 1. */
  readonly db?: number;
  /** Pumps; with none, nodes write no binlog. Default 0. */
  readonly pump?: number;
  /** Members of the etcd: 1 or 3. Default 1. */
  readonly etcd?: 1 | 3;
  /** Use this etcd instead of starting one. */
  readonly endpoints?: readonly string[];
  /** Keep the data under this name; without one it is thrown away at the end. */
  readonly tag?: string;
  /** Added to the first ports tried: 4000 (MySQL), 10081 (status), 8250 (pumps). */
  readonly portOffset?: number;
  /** Arguments given to each node, and to each pump. */
  readonly dbArgs?: readonly string[];
  readonly pumpArgs?: readonly string[];
  readonly programs: Programs;
  readonly signal?: AbortSignal;
}

/** One line of `display`. */
export interface ComponentInfo {
  readonly name: string;
  readonly kind: ComponentKind | 'etcd';
  readonly pid: number | undefined;
  readonly address: string;
  readonly statusUrl: string;
  readonly state: ComponentState;
  readonly logFile: string;
}

interface Happenings {
  /** Something long has begun, or is done. */
  progress: [message: string];
  /** A process ended that was not asked to. */
  lost: [name: string, how: string];
}

/** Short: whoever kills a node here wants to see another one take over. */
const SESSION_TTL = '10s';
/** etcd keeps every version of every key until it is told otherwise. */
const ETCD_ARGS = ['--auto-compaction-mode', 'periodic', '--auto-compaction-retention', '10m'];

/** One above TiDB's default, which browsers refuse to open. */
const FIRST_STATUS_PORT = 10_081;

/** Where data with a tag is kept. */
export function tagFolder(tag: string): string {
  if (!/^[\w.-]{1,64}$/.test(tag) || tag.startsWith('.')) {
    throw new PlaygroundError(
      `'${tag}' cannot be a tag: use 1 to 64 letters, digits, '-', '_' and '.', not beginning with a dot`,
    );
  }
  return join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'tidb-js', 'playground', tag);
}

/** A whole cluster on this machine: an etcd, pumps, nodes; each a process of its own. */
export class Playground extends EventEmitter<Happenings> {
  readonly folder: string;
  readonly #options: PlaygroundOptions;
  readonly #components = new Map<string, Component>();
  readonly #ports = new Set<number>();
  readonly #stop = new AbortController();
  readonly #counters = { db: 0, pump: 0 };
  #etcd: LocalEtcd | undefined;
  #closing: Promise<void> | undefined;

  private constructor(folder: string, options: PlaygroundOptions) {
    super();
    this.folder = folder;
    this.#options = options;
  }

  /** Makes the folders; {@link up} starts the processes. */
  static async create(options: PlaygroundOptions): Promise<Playground> {
    const folder =
      options.tag === undefined ? await mkdtemp(join(tmpdir(), 'tidb-js-playground-')) : tagFolder(options.tag);
    await mkdir(join(folder, 'logs'), { recursive: true });
    return new Playground(folder, options);
  }

  /** Starts etcd, then the pumps, then the nodes. On a failure everything is stopped again. */
  async up(): Promise<void> {
    const { db = 1, pump = 0 } = this.#options;
    try {
      await this.#startEtcd();
      await Promise.all(Array.from({ length: pump }, () => this.#start('pump')));
      // The first node makes the system tables; the others then find them.
      if (db > 0) await this.#start('db');
      await Promise.all(Array.from({ length: Math.max(db - 1, 0) }, () => this.#start('db')));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #startEtcd(): Promise<void> {
    const { endpoints, etcd = 1, signal } = this.#options;
    if (endpoints !== undefined && endpoints.length > 0) return;
    this.emit('progress', `etcd: looking for one, starting ${etcd === 1 ? 'one member' : 'three members'}`);
    this.#etcd = await LocalEtcd.start({
      members: etcd,
      args: ETCD_ARGS,
      ...(this.#options.tag === undefined ? {} : { dataDir: join(this.folder, 'etcd') }),
      onProgress: (message) => this.emit('progress', `etcd: ${message}`),
      ...(signal === undefined ? {} : { signal }),
    });
    this.emit('progress', `etcd: up at ${this.#etcd.endpoints.join(', ')}`);
  }

  get endpoints(): readonly string[] {
    return this.#options.endpoints ?? this.#etcd?.endpoints ?? [];
  }

  async #start(kind: ComponentKind, name = `${kind}-${this.#counters[kind]++}`): Promise<string> {
    const began = performance.now();
    this.emit('progress', `${name}: starting`);
    const spec = kind === 'db' ? await this.#dbSpec(name) : await this.#pumpSpec(name);
    await this.#launch(spec);
    this.emit('progress', `${name}: up at ${spec.address} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    return name;
  }

  async #dbSpec(name: string) {
    const { portOffset = 0, dbArgs = [], programs, pump = 0 } = this.#options;
    const port = await freePort(4000 + portOffset, this.#ports);
    const status = await freePort(FIRST_STATUS_PORT + portOffset, this.#ports);
    const args = ['-P', `${port}`, '--status', `${status}`, '--path', this.endpoints.join(',')];
    args.push('--session-ttl', SESSION_TTL);
    if (pump > 0) args.push('--enable-binlog');
    return {
      name,
      kind: 'db' as const,
      address: `127.0.0.1:${port}`,
      statusUrl: `http://127.0.0.1:${status}/status`,
      args: [programs.node, ...args, ...dbArgs],
      logFile: join(this.folder, 'logs', `${name}.log`),
    };
  }

  async #pumpSpec(name: string) {
    const { portOffset = 0, pumpArgs = [], programs } = this.#options;
    const port = await freePort(8250 + portOffset, this.#ports);
    const urls = this.endpoints.map((endpoint) => (endpoint.includes('://') ? endpoint : `http://${endpoint}`));
    const args = ['--addr', `127.0.0.1:${port}`, '--node-id', name, '--pd-urls', urls.join(',')];
    args.push('--data-dir', join(this.folder, name));
    return {
      name,
      kind: 'pump' as const,
      address: `127.0.0.1:${port}`,
      statusUrl: `http://127.0.0.1:${port}/status`,
      args: [programs.node, 'pump', ...args, ...pumpArgs],
      logFile: join(this.folder, 'logs', `${name}.log`),
    };
  }

  /** What runs, in the order it was started. */
  display(): ComponentInfo[] {
    const etcd: ComponentInfo[] = (this.#etcd?.members ?? []).map((member, i) => ({
      name: `etcd-${i}`,
      kind: 'etcd',
      pid: member.pid,
      address: member.endpoint,
      statusUrl: `${member.endpoint.includes('://') ? '' : 'http://'}${member.endpoint}/health`,
      state: member.pid === undefined ? 'exited' : 'up',
      logFile: member.logFile,
    }));
    const others = [...this.#components.values()].map((component) => ({
      ...component.spec,
      pid: component.pid,
      state: component.state,
    }));
    return [...etcd, ...others];
  }

  /** Adds nodes or pumps while the cluster runs. */
  async scaleOut(kind: ComponentKind, count = 1): Promise<ComponentInfo[]> {
    const started = await Promise.all(Array.from({ length: count }, () => this.#start(kind)));
    return this.display().filter(({ name }) => started.includes(name));
  }

  /** Stops one node or pump and takes it off the list. A pump keeps its data. */
  async scaleIn(name: string): Promise<void> {
    const component = this.#find(name);
    await component.stop();
    this.#components.delete(name);
    this.emit('progress', `${name}: stopped`);
  }

  /** Stops a process (or finds it dead) and starts it again at the same address with the same data. */
  async restart(name: string): Promise<void> {
    const member = this.#etcd?.members.find((_, i) => name === `etcd-${i}`);
    if (member !== undefined) await member.restart();
    else {
      const component = this.#find(name);
      await component.stop();
      await this.#launch(component.spec);
    }
    this.emit('progress', `${name}: restarted`);
  }

  async #launch(spec: ComponentSpec): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, ...(this.#options.signal ? [this.#options.signal] : [])]);
    const component = await Component.start(spec, signal);
    this.#components.set(spec.name, component);
    void component.exited.then(() => {
      if (component.state === 'exited') this.emit('lost', spec.name, component.exit);
    });
  }

  #find(name: string): Component {
    const component = this.#components.get(name);
    if (component === undefined) {
      const names = this.display().map((one) => one.name);
      throw new PlaygroundError(`no component named '${name}'; there are: ${names.join(', ')}`);
    }
    return component;
  }

  /** Stops nodes, pumps and etcd in this order, and removes the data unless it has a tag. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stop.abort(new Error('the playground is closing'));
    for (const kind of ['db', 'pump']) {
      const components = [...this.#components.values()].filter(({ spec }) => spec.kind === kind);
      await Promise.all(components.map((component) => component.stop()));
    }
    await this.#etcd?.close();
    if (this.#options.tag === undefined) await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
