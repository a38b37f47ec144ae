import type {
  IAuthenticateRequest,
  IAuthenticateResponse,
  ICompactionRequest,
  ICompactionResponse,
  ILeaseGrantRequest,
  ILeaseGrantResponse,
  ILeaseKeepAliveRequest,
  ILeaseKeepAliveResponse,
  ILeaseLeasesResponse,
  ILeaseRevokeRequest,
  ILeaseRevokeResponse,
  ILeaseTimeToLiveRequest,
  ILeaseTimeToLiveResponse,
  IMemberListResponse,
  IStatusResponse,
  IWatchRequest,
  IWatchResponse,
} from 'etcd3';

/** etcd's gRPC services, as etcd3 names them. */
export type ServiceName = 'KV' | 'Lease' | 'Watch' | 'Auth' | 'Cluster' | 'Maintenance';

/** A method of etcd's API, and what its messages are. The two type parameters never hold a value. */
export interface Rpc<Request extends object, Response> {
  readonly service: ServiceName;
  readonly method: string;
  /** Whether a call can change something: if it can, it is never sent twice on our own account. */
  readonly mutates: boolean;
  /** Set where this package has a codec of its own: request and response then travel as bytes. */
  readonly path?: string;
  readonly messages?: (request: Request) => Response;
}

/** A method of the KV service. */
export type KvRpc = Rpc<Buffer, Buffer>;

function read<Request extends object, Response>(service: ServiceName, method: string): Rpc<Request, Response> {
  return { service, method, mutates: false };
}

function change<Request extends object, Response>(service: ServiceName, method: string): Rpc<Request, Response> {
  return { service, method, mutates: true };
}

function kv(name: string, mutates: boolean): KvRpc {
  return {
    service: 'KV',
    method: name.charAt(0).toLowerCase() + name.slice(1),
    mutates,
    path: `/etcdserverpb.KV/${name}`,
  };
}

/** The methods this package uses. */
export const rpc = {
  range: kv('Range', false),
  put: kv('Put', true),
  deleteRange: kv('DeleteRange', true),
  txn: kv('Txn', true),
  /** A transaction that only reads. */
  readTxn: kv('Txn', false),
  compact: change<ICompactionRequest, ICompactionResponse>('KV', 'compact'),
  leaseGrant: change<ILeaseGrantRequest, ILeaseGrantResponse>('Lease', 'leaseGrant'),
  leaseRevoke: change<ILeaseRevokeRequest, ILeaseRevokeResponse>('Lease', 'leaseRevoke'),
  leaseTimeToLive: read<ILeaseTimeToLiveRequest, ILeaseTimeToLiveResponse>('Lease', 'leaseTimeToLive'),
  leases: read<object, ILeaseLeasesResponse>('Lease', 'leaseLeases'),
  memberList: read<object, IMemberListResponse>('Cluster', 'memberList'),
  status: read<object, IStatusResponse>('Maintenance', 'status'),
  authenticate: read<IAuthenticateRequest, IAuthenticateResponse>('Auth', 'authenticate'),
  watch: read<IWatchRequest, IWatchResponse>('Watch', 'watch'),
  leaseKeepAlive: read<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>('Lease', 'leaseKeepAlive'),
} as const;
