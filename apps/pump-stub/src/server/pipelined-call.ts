import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

/** Bytes of a call that may be on their way out before it has to wait. */
const windowBytes = 512 << 10;

/**
 * Hands the next message to HTTP/2 before the socket has taken the one before. gRPC for Node waits for each, so a message
 * costs a turn of the event loop and a system call, however small it is; so does the status after an answer. With a
 * window they travel together.
 */
class PipelinedCall extends ServerInterceptingCall {
  #bytes = 0;
  #waiting: (() => void) | undefined;

  /** @param message already encoded. */
  override sendMessage(message: Uint8Array, callback: () => void): void {
    const { length } = message;
    this.#bytes += length;
    super.sendMessage(message, () => {
      this.#bytes -= length;
      const waiting = this.#waiting;
      if (!waiting || this.#bytes >= windowBytes) return;
      this.#waiting = undefined;
      waiting();
    });
    if (this.#bytes < windowBytes) callback();
    else this.#waiting = callback;
  }
}

/** For a server whose handlers send encoded messages. */
export const pipelined: ServerInterceptor = (_, call) => new PipelinedCall(call);
