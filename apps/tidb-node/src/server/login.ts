import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { SqlError } from '../sql/errors.js';
import { type AuthPlugin, newNonce, type Password } from './authentication.js';
import { Capability, SERVER_CAPABILITIES, ServerStatus } from './capabilities.js';
import {
  authSwitch,
  type ClientHello,
  decodeHello,
  encodeGreeting,
  FAST_AUTH_SUCCESS,
  isTlsRequest,
  knownPlugin,
} from './handshake.js';
import type { PacketStream } from './packet-stream.js';
import { MalformedPacket } from './payload.js';

/** utf8mb4_bin, TiDB's default. */
const DEFAULT_COLLATION = 46;
const GREETED_PLUGIN: AuthPlugin = 'mysql_native_password';

/** What the greeting is made of, and who may come in. */
export interface LoginContext {
  readonly id: number;
  readonly serverVersion: string;
  readonly secureContext: SecureContext | undefined;
  /** How long a client may take to say who it is, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** A user's password; undefined where there is no such user. */
  password(user: string): Password | undefined;
}

/** A client that proved who it is. */
export interface Login {
  readonly hello: ClientHello;
  /** What both sides can do. */
  readonly capabilities: number;
}

/**
 * Greets a client, switches to TLS where it asks for it, and lets it prove who it is. Undefined when it left.
 * Errors: 1045 for a client that could not prove it.
 */
export async function greet(
  packets: PacketStream,
  socket: Socket,
  context: LoginContext,
  onTlsClose: () => void,
): Promise<Login | undefined> {
  const { id, serverVersion, secureContext, connectTimeoutMs } = context;
  const patience = setTimeout(() => packets.destroy(), connectTimeoutMs);
  try {
    const nonce = newNonce();
    const capabilities = SERVER_CAPABILITIES | (secureContext === undefined ? 0 : Capability.Ssl);
    const greeting = { serverVersion, connectionId: id, nonce, capabilities };
    packets.write(encodeGreeting({ ...greeting, collation: DEFAULT_COLLATION, status: ServerStatus.Autocommit }));
    await packets.flush();
    let payload = await packets.read();
    if (payload !== undefined && secureContext !== undefined && isTlsRequest(payload)) {
      await startTls(packets, secureContext, onTlsClose);
      payload = await packets.read();
    }
    if (payload === undefined) return undefined;
    const hello = decodeHello(payload);
    const agreed = hello.capabilities & capabilities;
    // A challenge that was for another plugin proves nothing: such a client is asked again.
    if (hello.plugin !== GREETED_PLUGIN) return await challenge(packets, socket, context, hello, agreed);
    return prove(packets, socket, context, hello, agreed, GREETED_PLUGIN, nonce, hello.proof);
  } finally {
    clearTimeout(patience);
  }
}

/** Asks the client to prove itself anew, by its own plugin where it is known here, else by the default one. */
export async function challenge(
  packets: PacketStream,
  socket: Socket,
  context: LoginContext,
  hello: ClientHello,
  capabilities: number,
): Promise<Login | undefined> {
  const plugin = knownPlugin(hello.plugin) ?? GREETED_PLUGIN;
  const asked = authSwitch(plugin);
  packets.write(asked.payload);
  await packets.flush();
  const answer = await packets.read();
  if (answer === undefined) return undefined;
  return prove(packets, socket, context, hello, capabilities, plugin, asked.nonce, answer);
}

function prove(
  packets: PacketStream,
  socket: Socket,
  context: LoginContext,
  hello: ClientHello,
  capabilities: number,
  plugin: AuthPlugin,
  nonce: Buffer,
  answer: Buffer,
): Login {
  // caching_sha2_password says "no password" with a single zero byte.
  const proof = answer.length === 1 && answer[0] === 0 ? answer.subarray(1) : answer;
  if (!context.password(hello.user)?.verify(plugin, nonce, proof)) {
    const whom = `'${hello.user}'@'${socket.remoteAddress ?? 'localhost'}'`;
    throw new SqlError(1045, `Access denied for user ${whom} (using password: ${proof.length > 0 ? 'YES' : 'NO'})`);
  }
  if (plugin === 'caching_sha2_password' && proof.length > 0) packets.write(FAST_AUTH_SUCCESS);
  return { hello, capabilities };
}

async function startTls(packets: PacketStream, secureContext: SecureContext, onClose: () => void): Promise<void> {
  const secure = new TLSSocket(packets.detach(), { isServer: true, secureContext });
  await new Promise<void>((resolve, reject) => {
    secure.once('secure', resolve);
    secure.once('error', (error) => reject(new MalformedPacket(`TLS handshake failed: ${error.message}`)));
    secure.once('close', () => reject(new MalformedPacket('TLS handshake was broken off')));
  });
  secure.once('close', onClose);
  packets.attach(secure);
}
