/**
 * One table of cases, run by every SDK that speaks OpenAI's format, unmodified, against the worker in real workerd with
 * the simulated vendor behind it. A team that replaces its base URL must find that nothing else has changed.
 *
 * Tracing is off: nothing here may leave the machine.
 */
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { RouterError } from "../../worker/domain/errors.ts";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";
import { AI_SDK_COMPATIBLE, AI_SDK_OPENAI } from "./clients/ai-sdk-client.ts";
import type { Client, Connection, Tool, Trouble } from "./clients/client.ts";
import { startFront } from "./clients/front.ts";
import { LANGCHAIN } from "./clients/langchain-client.ts";
import { OPENAI_SDK } from "./clients/openai-client.ts";

const KEY = "sk-sluice-e2e";
const MODEL = "openai/gpt-5.4";
const PICTURE = "data:image/png;base64,iVBORw0KGgo=";

const TIDE: Tool = {
  name: "look_up_tide",
  description: "Tide tables for a harbour",
  parameters: z.object({ harbour: z.string() }),
  answer: "High water at 16:40",
};
const WIND: Tool = {
  name: "look_up_wind",
  description: "Wind forecast for a harbour",
  parameters: z.object({ harbour: z.string(), hours: z.number().int().min(1).max(48) }),
  answer: "North, 12 knots",
};

const SHIP = z.object({
  name: z.string(),
  masts: z.number().int(),
  rig: z.enum(["sloop", "brig"]),
});

process.env["LANGSMITH_TRACING"] = "false";
process.env["LANGCHAIN_TRACING_V2"] = "false";

let service: LocalService;

beforeAll(async () => {
  service = await startLocalService({ SLUICE_API_KEY: KEY });
});
afterEach(() => {
  service.vendor.faults.clear();
  service.vendor.requests.clear();
});
afterAll(() => service.close());

function connection(more: Partial<Connection> = {}): Connection {
  return { baseUrl: `${service.url}/v1`, apiKey: KEY, maxRetries: 0, ...more };
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

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

describe.for([OPENAI_SDK, AI_SDK_COMPATIBLE, AI_SDK_OPENAI, LANGCHAIN])("$name", (sdk) => {
  function connect(more?: Partial<Connection>): Client {
    return sdk.connect(connection(more));
  }

  it("gets an answer from the model that the router chose, with its usage", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const prompt = "What is the capital of Portugal?";
    const { text, ...usage } = await connect().ask({ model: "auto", prompt });
    expect(text).toMatch(/Portugal|capital/);
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.outputTokens).toBeGreaterThan(0);
    expect((await arrived).body).not.toHaveProperty("sluice");
  });

  it("may name a model as its vendor does", async ({ expect }) => {
    const { text } = await connect().ask({ model: "gpt-5.4", prompt: "Hello" });
    expect(text).not.toBe("");
    expect(service.vendor.requests.all()[0]?.model).toBe(MODEL);
  });

  it("streams the same text in pieces", async ({ expect }) => {
    const question = { model: MODEL, prompt: "Explain how tides work." };
    const { text } = await connect().ask(question);
    const pieces = await allOf(connect().stream(question));
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join("")).toBe(text);
  });

  it("makes the round trip of a tool", async ({ expect }) => {
    const question = { model: "auto", prompt: "Look up the tide for Brest." };
    const { calls, text } = await connect().useTools(question, [TIDE]);
    expect(calls).toEqual([{ name: "look_up_tide", input: { harbour: "Brest" } }]);
    expect(text).not.toBe("");
    const last = service.vendor.requests.all().at(-1)?.body;
    expect(JSON.stringify(last)).toContain(TIDE.answer);
  });

  it("makes several calls in one turn, and sends back the result of each", async ({ expect }) => {
    const question = { model: MODEL, prompt: "Look up tide and wind for Brest." };
    const { calls, text } = await connect().useTools(question, [TIDE, WIND]);
    expect(calls.map(({ name }) => name)).toEqual(["look_up_tide", "look_up_wind"]);
    for (const [index, { parameters }] of [TIDE, WIND].entries())
      expect(parameters.safeParse(calls[index]?.input).success).toBe(true);
    expect(text).not.toBe("");
    const last = JSON.stringify(service.vendor.requests.all().at(-1)?.body);
    for (const { answer } of [TIDE, WIND]) expect(last).toContain(answer);
  });

  it("fills a schema", async ({ expect }) => {
    const question = { model: "auto", prompt: "Describe the ship Aurora with 2 masts." };
    const ship = SHIP.parse(await connect().fillIn(question, SHIP));
    expect(ship.masts).toBe(2);
    const sent = service.vendor.requests.all()[0]?.body;
    expect(sent).toHaveProperty("response_format.type", "json_schema");
  });

  it("shows a picture", async ({ expect }) => {
    const question = { model: MODEL, prompt: "What is in this picture?", image: PICTURE };
    const { text } = await connect().ask(question);
    expect(text).toMatch(/^The image is clear/);
    expect(JSON.stringify(service.vendor.requests.all()[0]?.body)).toContain(PICTURE);
  });

  it.for(["openai/text-embedding-3-small", "text-embedding-3-small", "mistral/mistral-embed"])(
    "gets vectors of %s",
    async (model, { expect }) => {
      const texts = ["the tide is high", "the tide is low", "invoices are due on Friday"];
      const vectors = await connect().embed(model, texts);
      expect(vectors.map(({ length }) => length)).toEqual(
        Array.from({ length: 3 }, () => (model.startsWith("mistral/") ? 1024 : 1536)),
      );
      const [high, low, invoices] = vectors;
      expect(dot(high!, high!)).toBeCloseTo(1, 4);
      expect(dot(high!, low!)).toBeGreaterThan(dot(high!, invoices!) + 0.2);
    },
  );

  it("ends the vendor's request when it aborts", async ({ expect }) => {
    const gone = new AbortController();
    const arrived = service.vendor.requests.next();
    const prompt = "Write a story in detail about a lock keeper. [sim:slow:factor=1]";
    const stream = connect().stream({ model: MODEL, prompt, signal: gone.signal });
    async function read(): Promise<void> {
      for await (const piece of stream) if (piece !== "") gone.abort();
    }
    await read().catch(() => {}); // Some SDKs end the loop, some throw their abort error.
    expect(gone.signal.aborted).toBe(true);
    expect(await (await arrived).ended).toBe("aborted");
  });

  it.for<[Trouble, (client: Client, wrongKey: Client) => Promise<unknown>]>([
    ["bad request", (client) => client.ask({ model: MODEL, prompt: "[sim:400]" })],
    ["bad request", (client) => client.embed("auto", ["a"])],
    ["authentication", (_, wrongKey) => wrongKey.ask({ model: "auto", prompt: "Hi" })],
    ["not found", (client) => client.ask({ model: "openai/gpt-2", prompt: "Hi" })],
    ["rate limit", (client) => client.ask({ model: MODEL, prompt: "[sim:429:retry-after=99]" })],
  ])("raises its own error: %s", async ([trouble, provoke], { expect }) => {
    const error = await failureOf(provoke(connect(), connect({ apiKey: "sk-wrong" })));
    expect(sdk.troubleOf(error), String(error)).toBe(trouble);
  });

  it("tries again after a rate limit, and gets its answer", async ({ expect }) => {
    const limit = new RouterError("rate_limit_error", "Slow down", {
      code: "rate_limited",
      retryAfterMs: 1,
    });
    const front = await startFront(service.url, limit, 1);
    const client = connect({ baseUrl: `${front.url}/v1`, maxRetries: 1 });
    const { text } = await client.ask({ model: MODEL, prompt: "Hi" });
    expect(text).not.toBe("");
    expect(front.count).toBe(2);
    await front.close();
  });

  it("does not try again when the budget is spent", async ({ expect }) => {
    const quota = new RouterError("insufficient_quota", "The budget is spent", {
      code: "insufficient_quota",
      retryAfterMs: 1,
    });
    const front = await startFront(service.url, quota, Infinity);
    const client = connect({ baseUrl: `${front.url}/v1`, maxRetries: 1 });
    const error = await failureOf(client.ask({ model: MODEL, prompt: "Hi" }));
    expect(sdk.troubleOf(error), String(error)).toBe("quota");
    expect(front.count).toBe(1);
    await front.close();
  });
});
