/**
 * One connection to a Redis server, in its own protocol, RESP2: as little of a client as the bridge needs.
 *
 * Commands are written as they come and answered in that order, so any number of them is under way at once. A
 * connection that breaks rejects all of them, because nobody knows which were carried out; it is not opened again.
 *
 * Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import { connect, type Socket } from "node:net";

/** What Redis answers; text comes as its bytes, and an error is a value like any other. */
export type Reply = Buffer | number | null | RedisError | readonly Reply[];

/** An error of the server, in its words. */
export class RedisError extends Error {
  override readonly name = "RedisError";
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: Error) => void;
}

export class RedisConnection {
  /** Resolves when it is closed or has broken. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    // The end that follows every error says it all.
    socket.on("error", () => {});
    socket.on("close", () => {
      resolve();
      for (const { reject } of this.#waiting.splice(0)) reject(new Error("The connection broke."));
    });
  }

  /** Connects to 127.0.0.1. Rejects where nobody listens. */
  static async open(port: number): Promise<RedisConnection> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once("connect", resolve).once("error", reject);
    await promise;
    return new RedisConnection(socket);
  }

  /** Resolves with the answer, an error among them; rejects when the connection breaks. */
  send(command: readonly string[]): Promise<Reply> {
    if (this.#socket.destroyed) return Promise.reject(new Error("The connection is closed."));
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    this.#waiting.push({ resolve, reject });
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    this.#socket.write(`*${command.length}\r\n${parts.join("")}`);
    return promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (let next = replyAt(all, at); next !== undefined; next = replyAt(all, at)) {
      at = next.end;
      this.#waiting.shift()?.resolve(next.reply);
    }
    this.#rest = all.subarray(at);
  }
}

/** The reply that begins there; undefined while its end has not come. */
function replyAt(bytes: Buffer, start: number): { reply: Reply; end: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n", start);
  if (lineEnd === -1) return undefined;
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[start]!)) {
    case "+":
      return { reply: Buffer.from(line), end };
    case "-":
      return { reply: new RedisError(line), end };
    case ":":
      return { reply: Number(line), end };
    case "$":
      return textAt(bytes, end, Number(line));
    case "*":
      return listAt(bytes, end, Number(line));
    default:
      throw new Error("This is not RESP2.");
  }
}

function textAt(bytes: Buffer, start: number, length: number) {
  if (length < 0) return { reply: null, end: start };
  const end = start + length + 2;
  return end > bytes.length ? undefined : { reply: bytes.subarray(start, end - 2), end };
}

function listAt(bytes: Buffer, start: number, length: number) {
  if (length < 0) return { reply: null, end: start };
  const replies: Reply[] = [];
  let end = start;
  while (replies.length < length) {
    const next = replyAt(bytes, end);
    if (next === undefined) return undefined;
    replies.push(next.reply);
    end = next.end;
  }
  return { reply: replies, end };
}
