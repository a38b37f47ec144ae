import { status as grpc } from '@grpc/grpc-js';
import type { EtcdErrorCode } from './errors.js';

/** What a gRPC status of etcd means. */
export interface StatusMeaning {
  readonly code: EtcdErrorCode;
  readonly message: string;
  /** `none`: etcd did not do what was asked for; `unknown`: it may have, if the call changes something. */
  readonly outcome: 'none' | 'unknown';
  readonly retryable: boolean;
  /** The call never left this process, so any endpoint may be asked again. */
  readonly unsent: boolean;
  /** The token is stale: the call was refused before it was looked at, and a fresh token helps. */
  readonly staleToken: boolean;
}

type Rule = readonly [text: string, code: EtcdErrorCode, remedy: string];

/** Refusals of etcd by their text (server/etcdserver/api/v3rpc/rpctypes/error.go): nothing was done. */
const refusals: readonly Rule[] = [
  ['requested lease not found', 'LEASE_NOT_FOUND', 'it has expired or was revoked; grant a new one'],
  ['lease already exists', 'LEASE_EXISTS', 'choose another id, or let the server choose'],
  ['required revision has been compacted', 'COMPACTED', 'read the present state and go on from its revision'],
  ['required revision is a future revision', 'FUTURE_REVISION', 'ask for a revision that the store has reached'],
  ['too many operations in txn request', 'TOO_MANY_OPS', "split it, or raise the server's --max-txn-ops"],
  ['duplicate key given in txn request', 'DUPLICATE_KEY', 'write each key at most once in a transaction'],
  ['request is too large', 'TOO_LARGE', "send less, or raise the server's --max-request-bytes"],
  ['larger than max', 'TOO_LARGE', "send or ask for less, or raise the server's --max-request-bytes"],
  ['database space exceeded', 'NO_SPACE', "compact, defragment and disarm the server's alarm"],
  ['permission denied', 'AUTH', 'grant the user a role for these keys'],
  ['authentication failed', 'AUTH', 'check user and password'],
  ['user name is empty', 'AUTH', "the server asks for a user: set the client's `auth`"],
  ['invalid auth token', 'AUTH', 'the token has expired'],
  ['revision of auth store is old', 'AUTH', 'users or roles have changed since the token was made'],
  ['authentication is not enabled', 'AUTH', "leave the client's `auth` out, or enable it on the server"],
  ['root user', 'AUTH', 'set up the root user first'],
];

// A name is missing when authentication was enabled after the client had found it disabled.
const staleTokenTexts = ['invalid auth token', 'revision of auth store is old', 'user name is empty'];

/** Refused before it became a proposal: nothing was done, and a later call may pass. */
const turnedAway = ['no leader', 'too many requests', 'not capable', 'learner'];

/**
 * A member without a leader gives up a read when the caller's deadline is near and says so with the status UNKNOWN: Go's
 * context errors, which etcd hands through as they are.
 */
const contextErrors: readonly (readonly [text: string, code: EtcdErrorCode])[] = [
  ['context deadline exceeded', 'DEADLINE'],
  ['context canceled', 'UNAVAILABLE'],
];

/** grpc-js names the phase in which a call died; in these nothing had been sent. */
const unsentTexts = [
  'No connection established',
  'Waiting for LB pick',
  'waiting for name resolution',
  'Name resolution failed',
  'Channel closed before call started',
];

interface GrpcFailure {
  readonly code: number;
  readonly details: string;
}

function isGrpcFailure(error: unknown): error is GrpcFailure {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('details' in error)) return false;
  return typeof error.code === 'number' && typeof error.details === 'string';
}

/** Reads a gRPC error; undefined if it is none. */
export function readStatus(error: unknown): StatusMeaning | undefined {
  if (!isGrpcFailure(error)) return undefined;
  const { code, details } = error;
  const refusal = refusals.find(([text]) => details.includes(text));
  if (refusal !== undefined) {
    return {
      code: refusal[1],
      message: `${details} (${refusal[2]})`,
      outcome: 'none',
      retryable: false,
      unsent: false,
      staleToken: staleTokenTexts.some((text) => details.includes(text)),
    };
  }
  const unsent = isUnsent(code, details);
  const away = unsent || turnedAway.some((text) => details.includes(text));
  const meaning = (etcdCode: EtcdErrorCode, retryable: boolean, outcome: 'none' | 'unknown'): StatusMeaning => ({
    code: etcdCode,
    message: details,
    outcome: away ? 'none' : outcome,
    retryable,
    unsent,
    staleToken: false,
  });
  switch (code) {
    case grpc.DEADLINE_EXCEEDED:
      return meaning('DEADLINE', true, 'unknown');
    case grpc.UNAVAILABLE:
    case grpc.CANCELLED:
    case grpc.ABORTED:
    // A connection that is torn down in the middle of a call shows as INTERNAL (RST_STREAM).
    case grpc.INTERNAL:
      return meaning('UNAVAILABLE', true, 'unknown');
    case grpc.RESOURCE_EXHAUSTED:
      return meaning('UNAVAILABLE', true, 'none');
    case grpc.INVALID_ARGUMENT:
    case grpc.FAILED_PRECONDITION:
    case grpc.OUT_OF_RANGE:
    case grpc.NOT_FOUND:
    case grpc.ALREADY_EXISTS:
    case grpc.UNIMPLEMENTED:
      return meaning('INVALID_ARGUMENT', false, 'none');
    case grpc.PERMISSION_DENIED:
    case grpc.UNAUTHENTICATED:
      return meaning('AUTH', false, 'none');
    default: {
      const contextError = contextErrors.find(([text]) => details.includes(text));
      if (contextError !== undefined) return meaning(contextError[1], true, 'unknown');
      return meaning('UNKNOWN', false, 'unknown');
    }
  }
}

function isUnsent(code: number, details: string): boolean {
  if (code !== grpc.UNAVAILABLE && code !== grpc.DEADLINE_EXCEEDED) return false;
  return unsentTexts.some((text) => details.includes(text));
}
