import type {
  IAuthenticateRequest,
  IAuthenticateResponse,
  ICompactionRequest,
  ICompactionResponse,
  IDeleteRangeRequest,
  IDeleteRangeResponse,
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
  IPutRequest,
  IPutResponse,
  IRangeRequest,
  IRangeResponse,
  IStatusResponse,
  ITxnRequest,
  ITxnResponse,
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
  readonly messages?: (request: Request) => Response;
}

function read<Request extends object, Response>(service: ServiceName, method: string): Rpc<Request, Response> {
  return { service, method, mutates: false };
}

function change<Request extends object, Response>(service: ServiceName, method: string): Rpc<Request, Response> {
  return { service, method, mutates: true };
}

/** The methods this package uses. */
export const rpc = {
  range: read<IRangeRequest, IRangeResponse>('KV', 'range'),
  put: change<IPutRequest, IPutResponse>('KV', 'put'),
  deleteRange: change<IDeleteRangeRequest, IDeleteRangeResponse>('KV', 'deleteRange'),
  txn: change<ITxnRequest, ITxnResponse>('KV', 'txn'),
  /** A transaction that only reads. */
  readTxn: read<ITxnRequest, ITxnResponse>('KV', 'txn'),
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
