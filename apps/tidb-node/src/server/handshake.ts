import { AUTH_PLUGINS, type AuthPlugin, newNonce } from './authentication.js';
import { Capability } from './capabilities.js';
import { MalformedPacket, PayloadReader, PayloadWriter } from './payload.js';

/** What the server says first. */
export interface Greeting {
  readonly serverVersion: string;
  readonly connectionId: number;
  readonly nonce: Buffer;
  readonly capabilities: number;
  readonly collation: number;
  readonly status: number;
}

/** Protocol::HandshakeV10. */
export function encodeGreeting(greeting: Greeting): Buffer {
  return new PayloadWriter()
    .uint8(10)
    .nullTerminated(greeting.serverVersion)
    .uint32(greeting.connectionId)
    .raw(greeting.nonce.subarray(0, 8))
    .uint8(0)
    .uint16(greeting.capabilities)
    .uint8(greeting.collation)
    .uint16(greeting.status)
    .uint16(greeting.capabilities >>> 16)
    .uint8(greeting.nonce.length + 1)
    .zeros(10)
    .raw(greeting.nonce.subarray(8))
    .uint8(0)
    .nullTerminated('mysql_native_password')
    .finish();
}

/** What the client answers (Protocol::HandshakeResponse41). */
export interface ClientHello {
  readonly capabilities: number;
  readonly collation: number;
  readonly user: string;
  readonly proof: Buffer;
  readonly database: string | undefined;
  readonly plugin: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Whether the packet is an SSLRequest: the head of a hello with the SSL flag, and nothing after it. */
export function isTlsRequest(payload: Buffer): boolean {
  return payload.length === 32 && (payload.readUInt32LE(0) & Capability.Ssl) !== 0;
}

export function decodeHello(payload: Buffer): ClientHello {
  const reader = new PayloadReader(payload);
  const capabilities = reader.uint32();
  if ((capabilities & Capability.Protocol41) === 0) {
    throw new MalformedPacket(
      'the client speaks the protocol from before MySQL 4.1; this server needs CLIENT_PROTOCOL_41',
    );
  }
  reader.uint32();
  const collation = reader.uint8();
  reader.take(23);
  const user = reader.nullTerminated().toString();
  let proof: Buffer;
  if (capabilities & Capability.PluginAuthLenencData) proof = reader.lenencBytes();
  else if (capabilities & Capability.SecureConnection) proof = reader.take(reader.uint8());
  else proof = reader.nullTerminated();
  let database: string | undefined;
  if (capabilities & Capability.ConnectWithDb && reader.remaining > 0) database = reader.nullTerminated().toString();
  let plugin = 'mysql_native_password';
  if (capabilities & Capability.PluginAuth && reader.remaining > 0) plugin = reader.nullTerminated().toString();
  return {
    capabilities,
    collation,
    user,
    proof,
    database: database || undefined,
    plugin,
    attributes: attributes(capabilities, reader),
  };
}

/** COM_CHANGE_USER: a hello in another order, under the capabilities agreed before. */
export function decodeChangeUser(payload: Buffer, capabilities: number, collation: number): ClientHello {
  const reader = new PayloadReader(payload);
  reader.uint8();
  const user = reader.nullTerminated().toString();
  const proof = reader.take(reader.uint8());
  const database = reader.nullTerminated().toString() || undefined;
  let plugin = 'mysql_native_password';
  let chosen = collation;
  if (reader.remaining >= 2) chosen = reader.uint16();
  if (capabilities & Capability.PluginAuth && reader.remaining > 0) plugin = reader.nullTerminated().toString();
  return {
    capabilities,
    collation: chosen & 0xff,
    user,
    proof,
    database,
    plugin,
    attributes: attributes(capabilities, reader),
  };
}

function attributes(capabilities: number, reader: PayloadReader): Map<string, string> {
  const found = new Map<string, string>();
  if ((capabilities & Capability.ConnectAttrs) === 0 || reader.remaining === 0) return found;
  const pairs = new PayloadReader(reader.lenencBytes());
  while (pairs.remaining > 0) {
    const name = pairs.lenencBytes().toString();
    found.set(name, pairs.lenencBytes().toString());
  }
  return found;
}

/** Asks the client to prove itself in another way, with a nonce of its own. */
export function authSwitch(plugin: AuthPlugin): { readonly nonce: Buffer; readonly payload: Buffer } {
  const nonce = newNonce();
  return { nonce, payload: new PayloadWriter().uint8(0xfe).nullTerminated(plugin).raw(nonce).uint8(0).finish() };
}

export function knownPlugin(name: string): AuthPlugin | undefined {
  return AUTH_PLUGINS.find((plugin) => plugin === name);
}

/** `caching_sha2_password`: the proof was enough, an OK packet follows. */
export const FAST_AUTH_SUCCESS = Buffer.from([0x01, 0x03]);
