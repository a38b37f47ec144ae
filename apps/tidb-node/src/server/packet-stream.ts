import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Encryption } from '../sql/types.js';
import { MalformedPacket } from './payload.js';

const MAX_FRAME = 0xffffff;
const HEADER = 4;
/** Packets a client may send ahead of their turn before its socket is paused. */
const MAX_WAITING = 32;
/** Bytes of answers gathered before they are handed to the socket. */
const GATHER = 32 * 1024;

/** A packet above `max_allowed_packet`: answered with 1153 and the end of the connection. */
export class PacketTooLarge extends Error {
  override readonly name = 'PacketTooLarge';
}

/**
 * Frames of the MySQL protocol on one socket: a payload of 16 MiB or more travels in several frames, frames are
 * numbered within one exchange, answers are gathered and sent with back-pressure.
 */
export class PacketStream {
  #socket: Socket;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #frames: Buffer[] = [];
  #framesBytes = 0;
  #frameSequence = 0;
  #waiting: { readonly payload: Buffer; readonly sequence: number }[] = [];
  #wake: (() => void) | undefined;
  #failure: Error | undefined;
  #closed = false;
  /** Number of the next packet sent: one more than that of the packet read last. */
  #sequence = 0;
  #out: Buffer[] = [];
  #outBytes = 0;
  readonly #onData = (chunk: Buffer) => this.#receive(chunk);

  constructor(
    socket: Socket,
    readonly maxPacket: number,
  ) {
    this.#socket = socket;
    this.#attach(socket);
  }

  #attach(socket: Socket): void {
    socket.on('data', this.#onData);
    const ended = () => {
      this.#closed = true;
      this.#wake?.();
    };
    socket.on('end', ended);
    socket.on('close', ended);
    // The reason of a broken connection changes nothing: it is closed either way.
    socket.on('error', ended);
  }

  /** Stops reading frames, so that TLS can take the socket over. */
  detach(): Socket {
    this.#socket.off('data', this.#onData);
    this.#socket.pause();
    if (this.#receivedBytes > 0) this.#socket.unshift(Buffer.concat(this.#received));
    this.#received = [];
    this.#receivedBytes = 0;
    return this.#socket;
  }

  /** Goes on over another socket (the TLS one), in the same exchange. */
  attach(socket: Socket): void {
    this.#socket = socket;
    this.#closed = false;
    this.#attach(socket);
  }

  get tls(): Encryption | undefined {
    if (!(this.#socket instanceof TLSSocket)) return undefined;
    return { cipher: this.#socket.getCipher().name, version: this.#socket.getProtocol() ?? '' };
  }

  #receive(chunk: Buffer): void {
    if (this.#failure) return;
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    try {
      while (this.#parseFrame());
    } catch (error) {
      this.#failure = error as Error;
      this.#socket.pause();
    }
    if (this.#waiting.length > MAX_WAITING) this.#socket.pause();
    this.#wake?.();
  }

  #parseFrame(): boolean {
    if (this.#receivedBytes < HEADER) return false;
    let head = this.#received[0] as Buffer;
    if (head.length < HEADER) {
      head = Buffer.concat(this.#received);
      this.#received = [head];
    }
    const length = head.readUIntLE(0, 3);
    if (this.#framesBytes + length > this.maxPacket) {
      throw new PacketTooLarge(`a packet of more than ${this.maxPacket} bytes (max_allowed_packet)`);
    }
    if (this.#receivedBytes < HEADER + length) return false;
    const bytes = this.#received.length === 1 ? head : Buffer.concat(this.#received);
    const sequence = bytes[3] as number;
    if (this.#frames.length > 0 && sequence !== ((this.#frameSequence + 1) & 0xff)) {
      throw new MalformedPacket(`packet number ${sequence} after ${this.#frameSequence}`);
    }
    this.#frameSequence = sequence;
    const rest = bytes.subarray(HEADER + length);
    this.#received = rest.length > 0 ? [rest] : [];
    this.#receivedBytes = rest.length;
    const payload = bytes.subarray(HEADER, HEADER + length);
    if (length === MAX_FRAME) {
      this.#frames.push(payload);
      this.#framesBytes += length;
      return true;
    }
    const whole = this.#frames.length === 0 ? payload : Buffer.concat([...this.#frames, payload]);
    this.#waiting.push({ payload: whole, sequence });
    this.#frames = [];
    this.#framesBytes = 0;
    return true;
  }

  /** The next payload; undefined once the client is gone. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        if (this.#waiting.length === 0 && this.#socket.isPaused() && !this.#failure) this.#socket.resume();
        this.#sequence = (next.sequence + 1) & 0xff;
        return next.payload;
      }
      if (this.#failure) throw this.#failure;
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** Whether the client is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Queues a payload as the next packet of this exchange. */
  write(payload: Buffer): void {
    for (let at = 0; ; at += MAX_FRAME) {
      const part = payload.subarray(at, at + MAX_FRAME);
      const header = Buffer.allocUnsafe(HEADER);
      header.writeUIntLE(part.length, 0, 3);
      header[3] = this.#sequence;
      this.#sequence = (this.#sequence + 1) & 0xff;
      this.#out.push(header, part);
      this.#outBytes += HEADER + part.length;
      if (part.length < MAX_FRAME) return;
    }
  }

  /** Whether enough is gathered that {@link flush} should be awaited before more is written. */
  get full(): boolean {
    return this.#outBytes >= GATHER;
  }

  /** Sends what is gathered and waits until the socket takes more, the client is gone, or `signal` fires. */
  async flush(signal?: AbortSignal): Promise<void> {
    if (this.#outBytes === 0 || this.#closed) return;
    const bytes = this.#out.length === 1 ? (this.#out[0] as Buffer) : Buffer.concat(this.#out, this.#outBytes);
    this.#out = [];
    this.#outBytes = 0;
    if (this.#socket.write(bytes)) return;
    const socket = this.#socket;
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done);
        socket.off('close', done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      socket.once('drain', done);
      socket.once('close', done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  /** Sends what is gathered, then closes the connection. */
  async end(): Promise<void> {
    await this.flush(AbortSignal.timeout(1000));
    this.#closed = true;
    this.#socket.end();
    const socket = this.#socket;
    setTimeout(() => socket.destroy(), 1000).unref();
    this.#wake?.();
  }

  destroy(): void {
    this.#closed = true;
    this.#socket.destroy();
    this.#wake?.();
  }
}
