/**
 * The official OpenAI SDK, unmodified, against the worker in real workerd, with the simulated vendor behind it. This is
 * the promise that a team replaces its base URL and changes nothing else. Order is proved by holding the vendor back,
 * not by measuring time.
 */
import type OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";

let service: LocalService;
let client: OpenAI;

beforeAll(async () => {
  service = await startLocalService();
  client = service.client();
});
afterEach(() => {
  service.vendor.faults.clear();
});
afterAll(() => service.close());

const LOOKUP: OpenAI.ChatCompletionTool = {
  type: "function",
  function: {
    name: "look_up_tide",
    description: "Tide tables for a harbour",
    parameters: {
      type: "object",
      required: ["harbour"],
      properties: { harbour: { type: "string" } },
    },
  },
};

function ask(content: string): OpenAI.ChatCompletionMessageParam[] {
  return [{ role: "user", content }];
}

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

function textOf(chunks: readonly OpenAI.ChatCompletionChunk[]): string {
  return chunks.map((c) => c.choices[0]?.delta.content ?? "").join("");
}

describe("a plain answer", () => {
  it("comes from the model that the router chose, with the headers that say so", async ({
    expect,
  }) => {
    const arrived = service.vendor.requests.next();
    const { data, response } = await client.chat.completions
      .create({ model: "auto", messages: ask("What is the capital of Portugal?") })
      .withResponse();
    const record = await arrived;
    expect(data.choices[0]?.message.content).toMatch(/Portugal|capital/);
    expect(data.usage?.completion_tokens).toBeGreaterThan(0);
    const { headers } = response;
    expect(headers.get("x-sluice-model")).toBe(record.model);
    expect(headers.get("x-sluice-weights")).toMatch(/^\S+@[0-9a-f]{12}$/);
    expect(headers.get("x-sluice-decision")).toMatch(/^[a-z_]+$/);
    const score = Number(headers.get("x-sluice-score"));
    expect(score > 0 && score < 1).toBe(true);
    expect(headers.get("x-sluice-attempts")).toBe("1");
    expect(headers.get("x-sluice-cost-usd")).toMatch(/^\d+\.\d{6}$/);
    expect(headers.get("x-sluice-saved-usd")).toMatch(/^-?\d+\.\d{6}$/);
    expect(headers.get("x-sluice-cache")).toBe("bypass");
    expect(headers.get("x-sluice-request-id")).toBeTruthy();
    expect(headers.get("server-timing")).toMatch(/^route;dur=.*upstream;dur=.*total;dur=/);
  });

  it("is the very answer that the vendor gives to a direct call", async ({ expect }) => {
    const messages = ask("Explain how a lock gate holds back water.");
    const routed = await client.chat.completions.create({
      model: "openai/gpt-5.4",
      messages,
      seed: 4,
    });
    const direct = await service
      .client({ baseURL: `${service.vendor.url}/openai/v1` })
      .chat.completions.create({ model: "gpt-5.4", messages, seed: 4 });
    expect(routed.choices).toEqual(direct.choices);
    expect(routed.usage).toEqual(direct.usage);
  });

  it("hands unknown fields to the vendor as they came, and takes its own away", async ({
    expect,
  }) => {
    const arrived = service.vendor.requests.next();
    const body = {
      model: "openai/gpt-5.4",
      messages: ask("Hello"),
      seed: 3,
      stop: ["\n\n"],
      sluice: { preset: "fast" },
      wind_direction: { from: "north", knots: 12 },
    };
    await client.chat.completions.create(body);
    const sent = (await arrived).body;
    const { sluice: _, ...expected } = body;
    expect(sent).toEqual({ ...expected, model: "gpt-5.4" });
  });

  it("comes n at a time and stops at a length", async ({ expect }) => {
    const answer = await client.chat.completions.create({
      model: "openai/gpt-5.4",
      messages: ask("Tell me about canals."),
      n: 2,
      max_completion_tokens: 6,
    });
    expect(answer.choices.map((c) => c.finish_reason)).toEqual(["length", "length"]);
  });

  it("reads images", async ({ expect }) => {
    const content: OpenAI.ChatCompletionContentPart[] = [
      { type: "text", text: "What is in this picture?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
    ];
    const arrived = service.vendor.requests.next();
    const answer = await client.chat.completions.create({
      model: "auto",
      messages: [{ role: "user", content }],
    });
    expect(answer.choices[0]?.message.content).toMatch(/^The image is clear/);
    expect((await arrived).body).toMatchObject({ messages: [{ role: "user", content }] });
  });

  it("is JSON when JSON is asked for", async ({ expect }) => {
    const answer = await client.chat.completions.create({
      model: "auto",
      messages: ask("Describe a canal as JSON."),
      response_format: { type: "json_object" },
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? "")).toHaveProperty("answer");
  });

  it("lists models that can be asked for by name", async ({ expect }) => {
    const ids = (await client.models.list()).data.map((m) => m.id);
    expect(ids).toEqual(expect.arrayContaining(["auto", "auto:cost", "openai/gpt-5.4"]));
    const answer = await client.chat.completions
      .create({ model: "openai/gpt-5.4", messages: ask("Hi") })
      .withResponse();
    expect(answer.response.headers.get("x-sluice-model")).toBe("openai/gpt-5.4");
    expect(answer.response.headers.get("x-sluice-decision")).toBe("pinned");
  });
});

describe("tools", () => {
  it("make the round trip: call, result, answer", async ({ expect }) => {
    const messages = ask("Look up the tide for Brest.");
    const base = { model: "auto", tools: [LOOKUP] };
    const first = await client.chat.completions.create({ ...base, messages });
    const asked = first.choices[0]?.message;
    const call = asked?.tool_calls?.[0];
    if (asked === undefined || call?.type !== "function") throw new Error("no function was called");
    expect(call.function.name).toBe("look_up_tide");
    expect(JSON.parse(call.function.arguments)).toEqual({ harbour: "Brest" });
    const result = { role: "tool" as const, tool_call_id: call.id, content: "High water at 16:40" };
    const second = await client.chat.completions.create({
      ...base,
      messages: [...messages, asked, result],
    });
    expect(second.choices[0]?.finish_reason).toBe("stop");
    expect(second.choices[0]?.message.content).toBeTruthy();
  });

  it("stream their arguments in pieces through the SDK's own helper", async ({ expect }) => {
    const final = await client.chat.completions
      .stream({ model: "auto", messages: ask("Look up the tide for Brest."), tools: [LOOKUP] })
      .finalChatCompletion();
    const call = final.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === "function" && JSON.parse(call.function.arguments)).toEqual({
      harbour: "Brest",
    });
  });
});

describe("a streamed answer", () => {
  const messages = ask("Explain how tides work.");

  it("is the text that the vendor streams, with usage where it was asked for", async ({
    expect,
  }) => {
    const body = {
      model: "openai/gpt-5.4",
      messages,
      seed: 2,
      stream_options: { include_usage: true },
    };
    const plain = await client.chat.completions.create({ ...body, stream_options: null });
    const { data, response } = await client.chat.completions
      .create({ ...body, stream: true })
      .withResponse();
    const chunks = await allOf(data);
    expect(textOf(chunks)).toBe(plain.choices[0]?.message.content);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: plain.usage });
    expect(chunks.slice(0, -1).every((c) => c.usage === null)).toBe(true);
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(response.headers.get("x-sluice-model")).toBe("openai/gpt-5.4");
  });

  it("tells its cost in the last chunk, the same as the plain answer in its header", async ({
    expect,
  }) => {
    const body = { model: "openai/gpt-5.4", messages, seed: 2 };
    const { response } = await client.chat.completions.create(body).withResponse();
    const chunks = await allOf(await client.chat.completions.create({ ...body, stream: true }));
    const last: unknown = chunks.at(-1);
    expect(last).toHaveProperty("sluice.model", "openai/gpt-5.4");
    expect(last).toHaveProperty("sluice.attempts", 1);
    const cost = Number(response.headers.get("x-sluice-cost-usd"));
    expect(cost).toBeGreaterThan(0);
    expect(last).toHaveProperty("sluice.cost_usd", cost);
  });

  it("arrives event by event: each before the vendor has sent the next", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const stream = await client.chat.completions.create({
      model: "openai/gpt-5.4",
      messages: ask("Explain how tides work. [sim:step:until=14]"),
      max_completion_tokens: 12,
      stream: true,
    });
    const record = await arrived;
    const heldBack: boolean[] = [];
    let seen = 0;
    for await (const chunk of stream) {
      seen += 1;
      heldBack.push(record.sentEvents === seen);
      expect(chunk.object).toBe("chat.completion.chunk");
      service.vendor.release();
    }
    // The role and twelve pieces: each was read while the vendor still held the next event.
    expect(heldBack.slice(0, 13)).toEqual(Array.from({ length: 13 }, () => true));
    expect(await record.ended).toBe("finished");
  });

  it("keeps many streams apart", async ({ expect }) => {
    const wanted = Array.from({ length: 12 }, (_, seed) => ({
      model: "openai/gpt-5.4",
      messages: ask(`Tell me about river number ${seed}.`),
      seed,
    }));
    const plain = await Promise.all(wanted.map((body) => client.chat.completions.create(body)));
    const streamed = await Promise.all(
      wanted.map(async (body) =>
        textOf(await allOf(await client.chat.completions.create({ ...body, stream: true }))),
      ),
    );
    expect(streamed).toEqual(plain.map((answer) => answer.choices[0]?.message.content));
  });
});

describe("embeddings", () => {
  const model = "openai/text-embedding-3-small";

  it("are the vendor's own, with their cost in a header, as numbers or as base64", async ({
    expect,
  }) => {
    const arrived = service.vendor.requests.next();
    const body = { model, input: ["tide", "wind"], dimensions: 8 };
    const { data, response } = await client.embeddings.create(body).withResponse();
    expect((await arrived).body).toEqual({
      ...body,
      model: "text-embedding-3-small",
      encoding_format: "base64",
    });
    const plain = await client.embeddings.create({ ...body, encoding_format: "float" });
    expect(data.data.map(({ embedding }) => [...embedding])).toEqual(
      plain.data.map(({ embedding }) => embedding),
    );
    expect(plain.data[0]?.embedding).toHaveLength(8);
    expect(data.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
    expect(response.headers.get("x-sluice-model")).toBe(model);
    expect(response.headers.get("x-sluice-cost-usd")).toBe("0.000001");
  });

  it("take tokens in place of texts", async ({ expect }) => {
    const input = [
      [1, 2, 3],
      [4, 5],
    ];
    const { data, usage } = await client.embeddings.create({ model, input });
    expect(data).toHaveLength(2);
    expect(usage.prompt_tokens).toBe(5);
  });

  it("of a bare name come from the next vendor that has the very model", async ({ expect }) => {
    service.vendor.faults.add({
      fault: { kind: "status", status: 500 },
      vendor: "openai",
      times: 1,
    });
    const { response } = await client.embeddings
      .create({ model: "text-embedding-3-small", input: "tide" })
      .withResponse();
    expect(response.headers.get("x-sluice-model")).toBe(`openrouter/${model}`);
    expect(response.headers.get("x-sluice-attempts")).toBe("2");
  });
});
