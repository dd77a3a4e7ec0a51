/**
 * Upstash's REST protocol in front of a real Redis server, on this machine: what `@upstash/redis` talks to where
 * there is no Upstash. It decides nothing; commands go through as they are, over one pipelined connection, which
 * is opened anew when the server has come back.
 *
 *     POST /             ["EVAL", …]              → {"result": …}, or 400 {"error": …}
 *     POST /pipeline     [["SET", …], ["GET", …]] → [{"result": …}, {"error": …}]
 *     POST /multi-exec   the same, as one transaction
 *
 * Source: https://upstash.com/docs/redis/features/restapi
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { RedisConnection, RedisError, type Reply } from "./redis-connection.ts";

/** What a client of Upstash is given. Whoever started it closes it. */
export interface RedisBridge {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Longer than any client keeps an idle connection, so none is closed under a request. */
const KEEP_ALIVE_MS = 120_000;
/** Clients that may connect at the same moment. */
const BACKLOG = 8_192;

const commandSchema = z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String));
const commandsSchema = z.array(commandSchema);

/** Starts it on any free port of 127.0.0.1, for the Redis that listens there on `redisPort`, now or later. */
export async function startRedisBridge(redisPort: number): Promise<RedisBridge> {
  const token = randomUUID();
  const redis = new Link(redisPort);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    void answerTo(request, { token, redis }).then(({ status, body }) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
    );
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, resolve);
  await promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    async close() {
      const closed = new Promise((done) => void server.close(done));
      server.closeAllConnections();
      await closed;
      await redis.close();
    },
  };
}

/** The connection, opened when it is first needed and again when it has broken. */
class Link {
  readonly #port: number;
  #connection: Promise<RedisConnection> | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async send(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    this.#connection ??= this.#open();
    const connection = await this.#connection;
    // All are written before anybody else's: a transaction is not interleaved.
    return await Promise.all(commands.map((command) => connection.send(command)));
  }

  async close(): Promise<void> {
    (await this.#connection?.catch(() => undefined))?.close();
  }

  async #open(): Promise<RedisConnection> {
    try {
      const connection = await RedisConnection.open(this.#port);
      void connection.closed.then(() => (this.#connection = undefined));
      return connection;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }
}

async function answerTo(
  request: IncomingMessage,
  { token, redis }: { token: string; redis: Link },
): Promise<Answer> {
  if (request.headers.authorization !== `Bearer ${token}`) return refusal(401, "Unauthorized");
  try {
    const body: unknown = JSON.parse(await text(request));
    const isBase64 = request.headers["upstash-encoding"] === "base64";
    switch (request.url ?? "") {
      case "/": {
        const [reply] = await redis.send([commandSchema.parse(body)]);
        return { status: reply instanceof RedisError ? 400 : 200, body: told(reply!, isBase64) };
      }
      case "/pipeline":
        return listOf(await redis.send(commandsSchema.parse(body)), isBase64);
      case "/multi-exec": {
        const replies = await redis.send([["MULTI"], ...commandsSchema.parse(body), ["EXEC"]]);
        const done = replies.at(-1)!;
        return Array.isArray(done)
          ? listOf(done, isBase64)
          : { status: 400, body: told(done, isBase64) };
      }
      default:
        return refusal(404, "Not found");
    }
  } catch (error) {
    const isClients = error instanceof SyntaxError || error instanceof z.ZodError;
    return refusal(isClients ? 400 : 503, String(error));
  }
}

function refusal(status: number, error: string): Answer {
  return { status, body: { error } };
}

function listOf(replies: readonly Reply[], isBase64: boolean): Answer {
  return { status: 200, body: replies.map((reply) => told(reply, isBase64)) };
}

function told(reply: Reply, isBase64: boolean) {
  return reply instanceof RedisError
    ? { error: reply.message }
    : { result: plain(reply, isBase64 ? "base64" : "utf8") };
}

function plain(reply: Reply, encoding: "base64" | "utf8"): unknown {
  if (reply instanceof Buffer) return reply.toString(encoding);
  if (reply instanceof RedisError) return reply.message;
  return Array.isArray(reply) ? reply.map((part: Reply) => plain(part, encoding)) : reply;
}
