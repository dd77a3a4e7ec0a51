/**
 * What goes wrong, as the official SDK sees it: vendors that fail before the first byte are replaced by the next
 * attempt, a stream that breaks afterwards raises and never passes for a whole answer, and every
 * refusal arrives as the SDK's own error class.
 */
import { request as httpRequest } from "node:http";
import type OpenAI from "openai";
import {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from "openai";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import type { Fault } from "../../scripts/simulation/faults.ts";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";

let service: LocalService;
let client: OpenAI;

beforeAll(async () => {
  service = await startLocalService();
  client = service.client();
});
afterEach(() => {
  service.vendor.faults.clear();
  service.vendor.requests.clear();
});
afterAll(() => service.close());

const PINNED = "openai/gpt-5.4";

function ask(content: string): OpenAI.ChatCompletionMessageParam[] {
  return [{ role: "user", content }];
}

/** What a promise was rejected with. Throws where it was not. */
async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
}

async function drain(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const chunk of stream) count += chunk === undefined ? 0 : 1;
  return count;
}

/** The bytes of a stream as text, as a client without an SDK would read them. */
async function rawStream(prompt: string): Promise<string> {
  const response = await fetch(`${service.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: PINNED, stream: true, messages: ask(prompt) }),
  });
  return await response.text();
}

describe("before the first byte", () => {
  const faults: [name: string, fault: Fault][] = [
    ["429", { kind: "status", status: 429, retryAfterMs: 1_000 }],
    ["500", { kind: "status", status: 500 }],
    ["503", { kind: "status", status: 503 }],
    ["a reset connection", { kind: "reset" }],
    ["silence", { kind: "stall" }],
    ["status 200 with an error", { kind: "error-body" }],
    ["a page of HTML", { kind: "wrong-type" }],
  ];
  const ways = faults.flatMap(([name, fault]) =>
    [false, true].map((stream) => ({
      name: `${name}${stream ? ", streamed" : ""}`,
      fault,
      stream,
    })),
  );

  it.for(ways)("the next attempt answers after $name", async ({ fault, stream }, { expect }) => {
    service.vendor.faults.add({ fault, times: 1 });
    const body = { model: "auto", messages: ask("What is a tide?") };
    if (stream) {
      const { data, response } = await client.chat.completions
        .create({ ...body, stream: true })
        .withResponse();
      expect(await drain(data)).toBeGreaterThan(3);
      expect(response.headers.get("x-sluice-attempts")).toBe("2");
    } else {
      const { data, response } = await client.chat.completions.create(body).withResponse();
      expect(data.choices[0]?.message.content).toBeTruthy();
      expect(response.headers.get("x-sluice-attempts")).toBe("2");
    }
    const [first, second, ...more] = service.vendor.requests.all();
    expect(more).toEqual([]);
    expect(second?.state).toBe("finished");
    expect(second?.model).not.toBe(first?.model);
  });

  it("a vendor that has begun and sends no event is replaced too", async ({ expect }) => {
    service.vendor.faults.add({ fault: { kind: "stall-mid", after: 0 }, times: 1 });
    const { data, response } = await client.chat.completions
      .create({ model: "auto", messages: ask("What is a tide?"), stream: true })
      .withResponse();
    expect(await drain(data)).toBeGreaterThan(3);
    expect(response.headers.get("x-sluice-attempts")).toBe("2");
  });

  it.for(["malformed", "cut", "empty"])(
    "a plain answer that is none is replaced: %s",
    async (kind, { expect }) => {
      const fault: Fault =
        kind === "empty" ? { kind } : { kind: kind === "cut" ? "cut" : "malformed", after: 0 };
      service.vendor.faults.add({ fault, times: 1 });
      const { data, response } = await client.chat.completions
        .create({ model: "auto", messages: ask("What is a tide?") })
        .withResponse();
      expect(data.choices[0]?.finish_reason).toBe("stop");
      expect(response.headers.get("x-sluice-attempts")).toBe("2");
    },
  );

  it("every vendor limited: RateLimitError with the vendor's retry-after", async ({ expect }) => {
    const fault: Fault = { kind: "status", status: 429, retryAfterMs: 7_000 };
    service.vendor.faults.add({ fault, times: Number.POSITIVE_INFINITY });
    const error = await failureOf(
      client.chat.completions.create({ model: "auto", messages: ask("What is a tide?") }),
    );
    if (!(error instanceof RateLimitError)) throw error;
    expect(error.type).toBe("rate_limit_error");
    expect(error.headers.get("retry-after")).toBe("7");
    expect(service.vendor.requests.all().length).toBeGreaterThan(1);
  });

  it("every vendor down: InternalServerError that lists the attempts", async ({ expect }) => {
    service.vendor.faults.add({
      fault: { kind: "status", status: 500 },
      times: Number.POSITIVE_INFINITY,
    });
    const error = await failureOf(
      client.chat.completions.create({ model: "auto", messages: ask("What is a tide?") }),
    );
    if (!(error instanceof InternalServerError)) throw error;
    expect(error).toMatchObject({ status: 502, code: "upstream_failed", type: "server_error" });
    for (const { model } of service.vendor.requests.all()) expect(error.message).toContain(model);
  });

  it("every vendor silent: a timeout, 504", async ({ expect }) => {
    const error = await failureOf(
      client.chat.completions.create({ model: PINNED, messages: ask("[sim:stall]") }),
    );
    expect(error).toMatchObject({ status: 504, type: "timeout_error" });
  });

  it("the SDK's own retry meets a vendor that has recovered", async ({ expect }) => {
    service.vendor.faults.add({
      fault: { kind: "status", status: 429, retryAfterMs: 10 },
      times: 1,
    });
    const answer = await service
      .client({ maxRetries: 1 })
      .chat.completions.create({ model: PINNED, messages: ask("What is a tide?") });
    expect(answer.choices[0]?.message.content).toBeTruthy();
    expect(service.vendor.requests.all()).toHaveLength(2);
  });
});

describe("after the first byte", () => {
  it.for(["cut", "malformed", "error-chunk", "stall-mid"])(
    "a stream that breaks raises, and has no [DONE]: %s",
    async (kind, { expect }) => {
      const prompt = `Explain how tides work. [sim:${kind}:after=3]`;
      const stream = await client.chat.completions.create({
        model: PINNED,
        messages: ask(prompt),
        stream: true,
      });
      const error = await failureOf(drain(stream));
      expect(error).toBeInstanceOf(APIError);
      const raw = await rawStream(prompt);
      expect(raw).not.toContain("[DONE]");
      const last = raw.trimEnd().split("\n\n").at(-1) ?? "";
      expect(JSON.parse(last.slice("data: ".length))).toMatchObject({
        error: { message: expect.any(String), code: expect.any(String) },
      });
      expect(service.vendor.requests.all()).toHaveLength(2);
    },
  );

  it("estimates usage where the vendor reports none", async ({ expect }) => {
    const raw = await rawStream("Explain how tides work. [sim:no-usage]");
    expect(raw).toContain("[DONE]");
    expect(raw).toContain('"is_usage_estimated":true');
  });
});

describe("refusals", () => {
  it("of the vendor reach the client, and no other vendor is asked", async ({ expect }) => {
    service.vendor.faults.add({ fault: { kind: "status", status: 400 }, times: 1 });
    const error = await failureOf(
      client.chat.completions.create({ model: "auto", messages: ask("What is a tide?") }),
    );
    expect(error).toBeInstanceOf(BadRequestError);
    expect(String(error)).toContain("on demand");
    expect(service.vendor.requests.all()).toHaveLength(1);
  });

  it("of our own: unknown model, no messages, a knob out of range", async ({ expect }) => {
    const messages = ask("Hi");
    const unknown = await failureOf(
      client.chat.completions.create({ model: "openai/gpt-2", messages }),
    );
    expect(unknown).toBeInstanceOf(NotFoundError);
    expect(unknown).toMatchObject({ code: "model_not_found", type: "not_found_error" });
    const empty = await failureOf(client.chat.completions.create({ model: "auto", messages: [] }));
    expect(empty).toBeInstanceOf(BadRequestError);
    const headers = { "x-sluice-quality": "1.5" };
    const knob = await failureOf(
      client.chat.completions.create({ model: "auto", messages }, { headers }),
    );
    expect(knob).toBeInstanceOf(BadRequestError);
    expect(String(knob)).toContain("x-sluice-quality");
    expect(service.vendor.requests.all()).toEqual([]);
  });

  it("off this machine: 401 without a key, whatever the Host header claims of us", async ({
    expect,
  }) => {
    const { hostname, port } = new URL(service.url);
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const headers = { host: "sluice.example.com" };
    httpRequest({ hostname, port, path: "/v1/models", headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once("error", reject)
      .end();
    expect(await promise).toBe(401);
  });
});

describe("a deployment with a key", () => {
  let guarded: LocalService;
  beforeAll(async () => {
    guarded = await startLocalService({ SLUICE_API_KEY: "sk-sluice-right" });
  });
  afterAll(() => guarded.close());

  it("raises AuthenticationError for any other key, and answers for its own", async ({
    expect,
  }) => {
    const wrong = guarded.client({ apiKey: "sk-sluice-wrong" });
    const body = { model: "auto", messages: ask("Hi") };
    expect(await failureOf(wrong.chat.completions.create(body))).toBeInstanceOf(
      AuthenticationError,
    );
    const right = guarded.client({ apiKey: "sk-sluice-right" });
    const arrived = guarded.vendor.requests.next();
    expect((await right.chat.completions.create(body)).choices).toHaveLength(1);
    expect((await arrived).headers).not.toHaveProperty("authorization");
  });
});
