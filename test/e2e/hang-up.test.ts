/**
 * A client that hangs up: the vendor must see it at once, or tokens are paid for that nobody reads. The service runs
 * with its long time limits here, so nothing but the client's leaving can end a vendor's request within a test.
 *
 * workerd, serving plain HTTP, learns that a client has gone when it writes to it or when the connection is reset; a
 * closed but silent connection could still be a half-closed one. Hence two ways to leave: the SDK's abort while the
 * answer flows, and a reset while nothing does.
 */
import { request as httpRequest } from "node:http";
import type OpenAI from "openai";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";

const LONG_MS = "600000";
const MODEL = "openai/gpt-5.4";

let service: LocalService;

beforeAll(async () => {
  service = await startLocalService({
    CONNECT_TIMEOUT_MS: LONG_MS,
    FIRST_BYTE_TIMEOUT_MS: LONG_MS,
    ANSWER_TIMEOUT_MS: LONG_MS,
    IDLE_TIMEOUT_MS: LONG_MS,
  });
});
afterAll(() => service.close());

/** A long answer at a hundred tokens a second: it flows for seconds, so that there is a middle to leave in. */
function startStory(signal?: AbortSignal): Promise<AsyncIterable<OpenAI.ChatCompletionChunk>> {
  const content = "Write a story in detail about a lock keeper. [sim:slow:factor=1]";
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content }];
  const client = service.client();
  return client.chat.completions.create({ model: MODEL, messages, stream: true }, { signal });
}

describe("a client that hangs up", () => {
  it("by the SDK's abort ends the vendor's request", async ({ expect }) => {
    const gone = new AbortController();
    const arrived = service.vendor.requests.next();
    const stream = await startStory(gone.signal);
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) gone.abort();
    const record = await arrived;
    expect(await record.ended).toBe("aborted");
  });

  it("by leaving the loop ends the vendor's request", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    for await (const chunk of await startStory()) if (chunk.choices[0]?.delta.content) break;
    expect(await (await arrived).ended).toBe("aborted");
  });

  it.for([
    { when: "before the headers, streamed", fault: "stall", stream: true },
    { when: "before the headers, plain", fault: "stall", stream: false },
    { when: "in a stream that has fallen silent", fault: "stall-mid:after=3", stream: true },
    { when: "in a plain answer that has fallen silent", fault: "stall-mid:after=3", stream: false },
  ])("by a reset ends the vendor's request: $when", async ({ fault, stream }, { expect }) => {
    const arrived = service.vendor.requests.next();
    const { hostname, port } = new URL(service.url);
    const headers = { "content-type": "application/json" };
    const path = "/v1/chat/completions";
    const call = httpRequest({ hostname, port, path, method: "POST", headers }, (response) =>
      response.resume(),
    );
    call.on("error", () => {}); // The reset, as the client itself sees it.
    const messages = [{ role: "user", content: `Wait. [sim:${fault}]` }];
    call.end(JSON.stringify({ model: MODEL, stream, messages }));
    const record = await arrived;
    expect(record.state).toBe("open");
    call.socket?.resetAndDestroy();
    expect(await record.ended).toBe("aborted");
  });

  it("leaves no request open behind, and the service answers on", async ({ expect }) => {
    expect(service.vendor.requests.all().filter((r) => r.state === "open")).toEqual([]);
    const answer = await service
      .client()
      .chat.completions.create({ model: MODEL, messages: [{ role: "user", content: "Hi" }] });
    expect(answer.choices).toHaveLength(1);
  });
});
