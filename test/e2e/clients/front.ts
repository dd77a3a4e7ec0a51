/**
 * A server that stands before a service and answers the first requests itself, by the very response that the service
 * gives for an error; the rest it hands on. So a test sees what an SDK makes of an error that would take a budget or a
 * vendor in trouble to provoke, and how often it asked.
 */
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import type { RouterError } from "../../../worker/domain/errors.ts";
import { errorResponse } from "../../../worker/http/wire/errors.ts";

/** A front that runs. Whoever started it closes it. */
export interface Front {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Requests that arrived so far. */
  readonly count: number;
  close(): Promise<void>;
}

/** Starts a front before `serviceUrl` that answers the first `times` requests with `error`. */
export async function startFront(
  serviceUrl: string,
  error: RouterError,
  times: number,
): Promise<Front> {
  let count = 0;
  const server = createServer((request, response) => {
    async function answer(): Promise<void> {
      count += 1;
      const body = await buffer(request);
      const given =
        count <= times
          ? errorResponse(error)
          : await fetch(`${serviceUrl}${request.url}`, {
              method: request.method ?? "GET",
              headers: {
                "content-type": String(request.headers["content-type"]),
                authorization: String(request.headers.authorization),
              },
              body: new Uint8Array(body),
            });
      const headers = Object.fromEntries(given.headers);
      delete headers["content-encoding"]; // Decoded on the way.
      response.writeHead(given.status, headers);
      response.end(Buffer.from(await given.arrayBuffer()));
    }
    answer().catch(() => response.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The front has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    get count() {
      return count;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => void server.close(done));
    },
  };
}
