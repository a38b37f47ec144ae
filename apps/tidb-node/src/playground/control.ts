import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { PlaygroundError } from './errors.js';
import { type ComponentInfo, type Playground, tagFolder } from './playground.js';

/** The file that tells other commands where a running playground listens. */
const CONTROL_FILE = 'control.json';
const MAX_BODY = 64 * 1024;

/** Where a running playground says how it can be reached: by its tag, or as the one that has none. */
export function runningFolder(tag: string | undefined): string {
  return tagFolder(tag ?? 'untagged');
}

/** What `display`, `scale-out`, `scale-in` and `restart` send to the playground that runs. */
export type ControlRequest =
  | { readonly command: 'display' }
  | { readonly command: 'scale-out'; readonly db?: number; readonly pump?: number }
  | { readonly command: 'scale-in'; readonly name: string }
  | { readonly command: 'restart'; readonly name: string };

/** Answers the commands of other terminals, on loopback, by a token that only the folder's owner can read. */
export class Control {
  private constructor(
    readonly server: Server,
    readonly file: string,
    private readonly says: string,
  ) {}

  static async start(playground: Playground, folder: string): Promise<Control> {
    const token = crypto.randomUUID();
    const server = createServer((request, response) => {
      answer(playground, token, request)
        .then((reply) => response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body))
        .catch((error: Error) => response.writeHead(500).end(JSON.stringify({ error: error.message })));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const file = join(folder, CONTROL_FILE);
    const says = JSON.stringify({ port, token, pid: process.pid });
    await writeFile(file, says, { mode: 0o600 });
    return new Control(server, file, says);
  }

  async close(): Promise<void> {
    // A later one without a tag may have put its own there.
    if ((await readFile(this.file, 'utf8').catch(() => '')) === this.says) await rm(this.file, { force: true });
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

async function answer(playground: Playground, token: string, request: IncomingMessage) {
  if (request.headers.authorization !== `Bearer ${token}`) return { status: 401, body: '{"error":"wrong token"}' };
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY) return { status: 413, body: '{"error":"request too long"}' };
  }
  try {
    const components = await carryOut(playground, JSON.parse(body) as ControlRequest);
    return { status: 200, body: JSON.stringify({ components }) };
  } catch (error) {
    return { status: 400, body: JSON.stringify({ error: (error as Error).message }) };
  }
}

async function carryOut(playground: Playground, request: ControlRequest): Promise<ComponentInfo[]> {
  switch (request.command) {
    case 'display':
      break;
    case 'scale-out':
      await playground.scaleOut('pump', request.pump ?? 0);
      await playground.scaleOut('db', request.db ?? 0);
      break;
    case 'scale-in':
      await playground.scaleIn(request.name);
      break;
    case 'restart':
      await playground.restart(request.name);
      break;
    default:
      throw new PlaygroundError(`unknown command ${JSON.stringify(request)}`);
  }
  return playground.display();
}

/** Refuses to start a second playground of one tag: the data are in use. */
export async function refuseSecond(tag: string): Promise<void> {
  const runs = await control(runningFolder(tag), { command: 'display' }).then(
    () => true,
    () => false,
  );
  if (runs)
    throw new PlaygroundError(`a playground with the tag '${tag}' runs already; stop it, or choose another tag`);
}

/** Sends a command to the playground that runs in `folder`. */
export async function control(folder: string, request: ControlRequest): Promise<ComponentInfo[]> {
  const text = await readFile(join(folder, CONTROL_FILE), 'utf8').catch(() => {
    throw new PlaygroundError(
      `no playground runs in ${folder}; start one with 'tidb-node playground', or name its --tag`,
    );
  });
  const { port, token } = JSON.parse(text) as { port: number; token: string };
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(request),
    signal: AbortSignal.timeout(120_000),
  }).catch((cause: unknown) => {
    throw new PlaygroundError(
      `the playground in ${folder} does not answer on port ${port}; it has ended without a goodbye`,
      {
        cause,
      },
    );
  });
  const reply = (await response.json()) as { components?: ComponentInfo[]; error?: string };
  if (reply.components === undefined) throw new PlaygroundError(reply.error ?? `HTTP ${response.status}`);
  return reply.components;
}
