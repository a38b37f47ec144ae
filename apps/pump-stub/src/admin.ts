import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from '@tidb-js/etcd-session';
import type { IllegalDdlBinlog } from './job-check.js';
import type { PumpMetrics } from './metrics.js';
import { endPath, formatEnd } from './peer-outcomes.js';
import type { PumpStatus } from './pump-options.js';
import { encodeNodeStatus, type NodeStatus } from './registry/node-status.js';

const debugPath = '/debug/binlog/';

/** What the HTTP paths ask of a Pump. */
export interface AdminTarget {
  readonly nodeId: string;
  status(): PumpStatus;
  undecided(): readonly { readonly startTs: bigint; readonly waitingMs: number; readonly why: string }[];
  /** Every binlog under this timestamp, and how the storage says that its transaction ended. */
  describe(ts: bigint): Promise<string | undefined>;
  /** The commit_ts of a transaction that ended lately, 0n when it was rolled back. */
  endOf(startTs: bigint): bigint | undefined;
  illegalDdlBinlogs(): readonly IllegalDdlBinlog[];
  pumps(): Promise<readonly NodeStatus[]>;
  drainers(): Promise<readonly NodeStatus[]>;
  /** Begins to pause or to close; @throws PumpError when the state does not allow it. */
  changeState(action: 'pause' | 'close'): void;
  /** @returns false when a collection runs already. */
  collect(): boolean;
}

/** The HTTP face: the paths of a real Pump, and in `/status` what waits and why. */
export function adminListener(
  targetOf: () => AdminTarget | undefined,
  metrics: PumpMetrics,
  logger: Logger,
): RequestListener {
  return (request, response) => {
    const target = targetOf();
    if (!target) {
      send(response, 503, 'text/plain', 'the Pump is starting\n');
      return;
    }
    route(target, metrics, request, response).catch((error: unknown) => {
      logger.warn({ url: request.url, error: String(error) }, 'an HTTP request failed');
      if (!response.headersSent)
        send(response, 500, 'text/plain', `${error instanceof Error ? error.message : error}\n`);
    });
  };
}

async function route(
  target: AdminTarget,
  metrics: PumpMetrics,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://pump');
  const key = `${request.method} ${pathname}`;
  if (key === 'GET /status') send(response, 200, 'application/json', await statusText(target));
  else if (key === 'GET /drainers') send(response, 200, 'application/json', entries(await target.drainers()));
  else if (key === 'GET /metrics') {
    const { contentType, text } = await metrics.render();
    send(response, 200, contentType, text);
  } else if (key === 'POST /debug/gc/trigger') {
    send(response, 200, 'text/plain', target.collect() ? 'trigger gc success' : 'gc is working');
  } else if (request.method === 'GET' && pathname.startsWith(debugPath)) {
    await sendBinlog(target, pathname.slice(debugPath.length), response);
  } else if (request.method === 'GET' && pathname.startsWith(endPath)) {
    sendEnd(target, pathname.slice(endPath.length), response);
  } else if (request.method === 'PUT' && pathname.startsWith('/state/')) changeState(target, pathname, response);
  else send(response, 404, 'text/plain', '404 page not found\n');
}

/** @returns undefined, when it has answered that this is none. */
function timestampOf(text: string, response: ServerResponse): bigint | undefined {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  send(response, 400, 'text/plain', `${JSON.stringify(text)} is no timestamp: it must be a whole number\n`);
  return undefined;
}

function sendEnd(target: AdminTarget, text: string, response: ServerResponse): void {
  const startTs = timestampOf(text, response);
  if (startTs === undefined) return;
  const commitTs = target.endOf(startTs);
  if (commitTs === undefined) send(response, 404, 'text/plain', `the end of the transaction ${text} is not known\n`);
  else send(response, 200, 'application/json', formatEnd(commitTs));
}

async function sendBinlog(target: AdminTarget, text: string, response: ServerResponse): Promise<void> {
  const ts = timestampOf(text, response);
  if (ts === undefined) return;
  const found = await target.describe(ts);
  if (found === undefined) send(response, 404, 'text/plain', `no binlog has the timestamp ${text}\n`);
  else send(response, 200, 'text/plain', found);
}

async function statusText(target: AdminTarget): Promise<string> {
  const own = target.status();
  let errMsg = '';
  let list: readonly NodeStatus[] = [];
  try {
    list = await target.pumps();
  } catch (error) {
    errMsg = error instanceof Error ? error.message : String(error);
  }
  const illegal = target
    .illegalDdlBinlogs()
    .map(
      ({ jobId, startTs, commitTs, type, jobState }) =>
        `{"jobId":${jobId},"type":"${type}","startTs":${startTs},"commitTs":${commitTs},"jobState":${jobState ?? null}}`,
    );
  const undecided = target
    .undecided()
    .map(
      ({ startTs, waitingMs, why }) =>
        `{"startTs":${startTs},"waitingMs":${Math.round(waitingMs)},"why":${JSON.stringify(why)}}`,
    );
  return (
    `{"status":${entries(list)},"CommitTS":${own.maxCommitTs},"Checkpoint":{},"ErrMsg":${JSON.stringify(errMsg)},` +
    `"nodeId":${JSON.stringify(own.nodeId)},"state":"${own.state}","clusterId":${own.clusterId},"gcTs":${own.gcTs},` +
    `"undecided":${own.undecided},"oldestUndecided":[${undecided.join(',')}],` +
    `"illegalDdlBinlogs":${own.illegalDdlBinlogs},"lastIllegalDdlBinlogs":[${illegal.join(',')}],` +
    `"logBytes":${own.logBytes},"availableBytes":${own.availableBytes}}`
  );
}

function entries(list: readonly NodeStatus[]): string {
  return `{${list.map((entry) => `${JSON.stringify(entry.nodeId)}:${encodeNodeStatus(entry)}`).join(',')}}`;
}

/** A real Pump always answers 200, and says in the body whether it went well. */
function changeState(target: AdminTarget, pathname: string, response: ServerResponse): void {
  const [, , nodeId = '', action = ''] = pathname.split('/').map(decodeURIComponent);
  const refusal = refuse(target, nodeId, action);
  const answer = refusal ? { message: refusal, code: 3, data: null } : { message: `success!`, code: 200, data: null };
  send(response, 200, 'application/json', JSON.stringify(answer));
}

function refuse(target: AdminTarget, nodeId: string, action: string): string | undefined {
  if (nodeId !== target.nodeId) return `invalide nodeID ${nodeId}, this pump's nodeID is ${target.nodeId}`;
  if (action !== 'pause' && action !== 'close') return `invalide action ${action}`;
  try {
    target.changeState(action);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function send(response: ServerResponse, code: number, type: string, text: string): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
