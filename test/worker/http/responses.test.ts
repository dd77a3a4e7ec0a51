/** POST /v1/responses from the outside: what it answers, streams, refuses and says to do instead. */
import { describe, it } from "vitest";
import { createService, errorOf, type ServiceOptions } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  openStream,
  parseObject,
  scriptedVendor,
  silent,
  streamed,
  usageChunk,
  whole,
} from "../fixture/vendor.ts";
import { readStream } from "./wire/responses/stream-grammar.ts";

async function ask(
  fields: Record<string, unknown>,
  { headers = {}, ...options }: ServiceOptions & { headers?: Record<string, string> } = {},
) {
  return createService(options).fetch("/v1/responses", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ model: "openai/small", input: "Hi", ...fields }),
  });
}

/** The events of a streamed response, each with its name. */
async function eventsOf(response: Response) {
  const blocks = (await response.text()).split("\n\n").filter((block) => block !== "");
  return blocks.map((block) => {
    const [, event, data = ""] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
    return { event, data };
  });
}

describe("POST /v1/responses", () => {
  it("says in its own field what it cost, the hedge among it", async ({ expect }) => {
    const { send } = scriptedVendor(silent(), whole());
    const fields = { model: "auto:cost", sluice: { hedge: 800 } };
    const response = await ask(fields, { send, pause: async () => {} });
    expect(await response.json()).toMatchObject({
      sluice: {
        model: "mistral/medium",
        attempts: 2,
        hedged: "openai/small",
        hedge_cost_usd: 0.000405,
        cost_usd: 0.000585,
      },
    });
  });

  it("asks a vendor in chat's words, and answers in its own", async ({ expect }) => {
    const { send, requests } = scriptedVendor(whole());
    const fields = {
      instructions: "Be brief.",
      max_output_tokens: 50,
      metadata: { a: "b" },
      user: "u",
    };
    const response = await ask(fields, { send });
    expect(requests[0]?.url).toMatch(/\/chat\/completions$/);
    expect(requests[0]?.body).toEqual({
      model: "small",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
      ],
      max_completion_tokens: 50,
      user: "u",
    });
    expect(response.headers.get("x-sluice-model")).toBe("openai/small");
    expect(response.headers.get("x-sluice-cost-usd")).toBe("0.000090");
    expect(await response.json()).toMatchObject({
      ...fields,
      id: "resp_1",
      status: "completed",
      model: "openai/small",
      output: [{ content: [{ text: "Hello." }] }],
      usage: { input_tokens: 10, output_tokens: 20, total_tokens: 30 },
      sluice: { cost_usd: 0.00009, model: "openai/small", attempts: 1 },
    });
    expect(response.headers.get("x-request-id")).toBe("req_1");
  });

  it("counts what a vendor does not report", async ({ expect }) => {
    const response = await ask({}, { send: scriptedVendor(whole({ usage: null })).send });
    const { usage } = await response.json<{ usage: Record<string, number> }>();
    expect(usage["output_tokens"]).toBeGreaterThan(0);
    expect(usage["input_tokens"]).toBeGreaterThan(0);
  });

  it("passes on each piece before the next exists, and ends without [DONE]", async ({ expect }) => {
    const stream = openStream();
    const { send, requests } = scriptedVendor(stream.respond);
    const answer = ask({ stream: true }, { send });
    stream.write(chunk("Hel"));
    const reader = (await answer).body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = "";
    while (!seen.includes('"delta":"Hel"')) seen += (await reader.read()).value;
    stream.write(chunk("lo"), finish(), usageChunk(), "[DONE]");
    for (let next = await reader.read(); !next.done; next = await reader.read()) seen += next.value;
    expect(requests[0]?.body["stream_options"]).toEqual({ include_usage: true });
    const { last, response } = readStream(await eventsOf(new Response(seen)));
    expect(last).toBe("response.completed");
    expect(response).toMatchObject({
      output: [{ content: [{ text: "Hello" }] }],
      usage: { total_tokens: 30 },
      sluice: { model: "openai/small", attempts: 1 },
    });
    expect(seen).not.toContain("[DONE]");
  });

  it("closes the vendor's connection when its reader leaves", async ({ expect }) => {
    const stream = openStream();
    const answer = ask({ stream: true }, { send: scriptedVendor(stream.respond).send });
    stream.write(chunk("Hel"));
    const response = await answer;
    await response.body!.cancel();
    await stream.left;
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  });

  it("says within a stream that the vendor broke it off", async ({ expect }) => {
    const { send } = scriptedVendor(streamed(chunk("Hel")));
    const { error, response } = readStream(await eventsOf(await ask({ stream: true }, { send })));
    expect(error).toMatchObject({ code: "upstream_cut", param: null });
    expect(response).toMatchObject({ status: "failed", output: [{ status: "incomplete" }] });
  });

  it("has the knobs of chat: in headers, in the body, and for the decision alone", async ({
    expect,
  }) => {
    const dry = await ask({ model: "auto", sluice: { preset: "quality", dry_run: true } });
    expect(await dry.json()).toMatchObject({ object: "route", model: "openai/large" });
    const headers = { "x-sluice-preset": "cost", "x-sluice-dry-run": "true" };
    const cheap = await ask({ model: "auto", sluice: { preset: "quality" } }, { headers });
    expect(await cheap.json()).toMatchObject({ object: "route", model: "openai/small" });
    expect(await errorOf(await ask({ sluice: { qualty: 1 } }))).toMatchObject({
      status: 400,
      param: "sluice.qualty",
    });
  });

  it("leaves out models that lack what is asked for", async ({ expect }) => {
    const picture = { type: "input_image", image_url: "https://example.com/a.png" };
    const file = { type: "input_file", file_data: "data:application/pdf;base64,AAAA" };
    const tools = [{ type: "function", name: "f", parameters: null, strict: null }];
    const format = { type: "json_schema", name: "n", schema: {} };
    for (const [fields, why] of [
      [{ input: [{ role: "user", content: [picture] }] }, "lacks_vision"],
      [{ input: [{ role: "user", content: [file] }] }, "lacks_files"],
      [{ tools }, "lacks_tools"],
      [{ text: { format } }, "lacks_json"],
    ] as const) {
      const error = await errorOf(await ask({ model: "groq/tiny", ...fields }));
      expect(error).toMatchObject({ status: 400, code: "no_candidate" });
      expect(error.message).toContain(why);
    }
  });

  it("tells a vendor's refusals as chat does", async ({ expect }) => {
    const bad = json(400, { error: { message: "input too odd" } });
    const limited = json(429, { error: { message: "slow down" } }, { "retry-after": "7" });
    expect(await errorOf(await ask({}, { send: scriptedVendor(bad).send }))).toMatchObject({
      status: 400,
      type: "invalid_request_error",
      code: "upstream_rejected",
    });
    const response = await ask({}, { send: scriptedVendor(limited).send });
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await errorOf(response)).toMatchObject({ status: 429, type: "rate_limit_error" });
  });
});

function item(fields: Record<string, unknown>) {
  return { input: [fields] };
}

function part(fields: Record<string, unknown>) {
  return item({ role: "user", content: [fields] });
}

/** What cannot be carried: the fields, the one that is named, and what is said of it. */
const REFUSED: [what: string, fields: Record<string, unknown>, param: string, says: RegExp][] = [
  ["no input", { input: null }, "input", /text or a list/],
  ["an empty list", { input: [] }, "input", /no message/],
  [
    "an earlier response",
    { previous_response_id: "resp_0" },
    "previous_response_id",
    /whole conversation/,
  ],
  ["a conversation", { conversation: "conv_0" }, "conversation", /whole conversation/],
  ["a kept item", item({ type: "item_reference", id: "msg_0" }), "input[0].type", /store: false/],
  [
    "an unknown item",
    item({ type: "computer_call" }),
    "input[0].type",
    /"computer_call".*function_call/,
  ],
  ["an unknown role", item({ role: "wizard", content: "" }), "input[0].role", /assistant/],
  ["an unknown part", part({ type: "video" }), "input[0].content[0].type", /"video".*input_image/],
  [
    "a kept picture",
    part({ type: "input_image", file_id: "f" }),
    "input[0].content[0].image_url",
    /data: URL/,
  ],
  [
    "a kept file",
    part({ type: "input_file", file_id: "f" }),
    "input[0].content[0].file_data",
    /data: URL/,
  ],
  [
    "a linked file",
    part({ type: "input_file", file_data: "", file_url: "u" }),
    "input[0].content[0].file_url",
    /file_data/,
  ],
  [
    "thinking that others sealed",
    {
      input: [
        { type: "reasoning", summary: [], encrypted_content: "gAAAA" },
        { role: "user", content: "" },
      ],
    },
    "input[0].encrypted_content",
    /leave this reasoning item out/,
  ],
  [
    "a tool of OpenAI's",
    { tools: [{ type: "web_search" }] },
    "tools[0].type",
    /"web_search".*function/,
  ],
  [
    "the choice of such a tool",
    { tool_choice: { type: "file_search" } },
    "tool_choice.type",
    /"file_search"/,
  ],
  [
    "leave for a tool that is not there",
    {
      tool_choice: {
        type: "allowed_tools",
        mode: "auto",
        tools: [{ type: "function", name: "f" }],
      },
    },
    "tool_choice.tools",
    /not among/,
  ],
  [
    "an unknown format",
    { text: { format: { type: "grammar" } } },
    "text.format.type",
    /json_schema/,
  ],
  ["an unknown way of thinking", { reasoning: { mode: "pro" } }, "reasoning.mode", /no field/],
  ["work in the background", { background: true }, "background", /wait/],
  ["truncation", { truncation: "auto" }, "truncation", /shorten/],
  ["a kept prompt", { prompt: { id: "p" } }, "prompt", /instructions/],
  [
    "chat's name of a field",
    { response_format: { type: "json_object" } },
    "response_format",
    /text\.format/,
  ],
  ["several answers", { n: 2 }, "n", /chat\/completions/],
];

describe("a request that cannot be carried", () => {
  it.for(REFUSED)("is refused by name: %s", async ([, fields, param, says], { expect }) => {
    const { send, requests } = scriptedVendor();
    const error = await errorOf(await ask(fields, { send }));
    expect(error).toMatchObject({ status: 400, code: "invalid_body", param });
    expect(error.message).toMatch(says);
    expect(requests).toHaveLength(0);
  });

  it("is not one that says null or what is so anyway", async ({ expect }) => {
    const fields = {
      previous_response_id: null,
      conversation: null,
      background: false,
      truncation: "disabled",
      store: true,
      n: null,
    };
    const response = await ask(fields, { send: scriptedVendor(whole()).send });
    expect(parseObject(await response.text())).toMatchObject({
      store: false,
      truncation: "disabled",
    });
  });
});
