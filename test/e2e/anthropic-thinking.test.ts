/**
 * What the simulated vendor has no part for: a vendor that thinks aloud and makes two calls at once, their arguments
 * in turns. Anthropic's official SDK puts the message together, and what it sends back is what that vendor needs.
 */
import { createServer, type Server } from "node:http";
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startLocalWorker, type LocalWorker } from "../../scripts/simulation/local-worker.ts";

const MODEL = "deepseek/deepseek-flash";

/** The vendor's deltas; each is one chunk of its stream. */
const DELTAS = [
  { role: "assistant", reasoning_content: "Two harbours, " },
  { reasoning_content: "two calls." },
  { content: "I look." },
  callOf(0, { id: "call_a", name: "look_up_tide", arguments: '{"harbour":' }),
  callOf(1, { id: "call_b", name: "look_up_tide", arguments: '{"harbour":' }),
  callOf(0, { arguments: '"Brest"}' }),
  callOf(1, { arguments: '"Hull"}' }),
];
const USAGE = { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50 };

function callOf(
  index: number,
  { id, ...called }: { id?: string; name?: string; arguments: string },
) {
  return { tool_calls: [{ index, ...(id && { id, type: "function" }), function: called }] };
}

let server: Server;
let worker: LocalWorker;
const received: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => (body += bytes.toString()));
    request.on("end", () => {
      received.push(body);
      response.writeHead(200, { "content-type": "text/event-stream" });
      const choices = DELTAS.map((delta) => ({ index: 0, delta, finish_reason: null as unknown }));
      for (const choice of [...choices, { index: 0, delta: {}, finish_reason: "tool_calls" }])
        response.write(`data: ${JSON.stringify({ model: "m", choices: [choice] })}\n\n`);
      response.write(`data: ${JSON.stringify({ model: "m", choices: [], usage: USAGE })}\n\n`);
      response.end("data: [DONE]\n\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  worker = await startLocalWorker({
    vendorUrl: `http://127.0.0.1:${port}`,
    persist: false,
    logLevel: "error",
    vars: { LOG_LEVEL: "error" },
  });
});
afterAll(async () => {
  await worker.close();
  server.closeAllConnections();
  server.close();
});

describe("a vendor that thinks aloud and calls two tools at once", () => {
  it("makes one message, which goes back as that vendor needs it", async ({ expect }) => {
    const client = new Anthropic({ apiKey: "none", baseURL: worker.directUrl, maxRetries: 0 });
    const body: Anthropic.MessageStreamParams = {
      model: MODEL,
      max_tokens: 4_000,
      thinking: { type: "enabled", budget_tokens: 2_000 },
      tools: [{ name: "look_up_tide", input_schema: { type: "object" } }],
      messages: [{ role: "user", content: "Tides in Brest and Hull?" }],
    };
    const { content, stop_reason, usage } = await client.messages.stream(body).finalMessage();
    expect(content).toEqual([
      { type: "thinking", thinking: "Two harbours, two calls.", signature: "" },
      { type: "text", text: "I look." },
      { type: "tool_use", id: "call_a", name: "look_up_tide", input: { harbour: "Brest" } },
      { type: "tool_use", id: "call_b", name: "look_up_tide", input: { harbour: "Hull" } },
    ]);
    expect(stop_reason).toBe("tool_use");
    expect(usage).toMatchObject({ input_tokens: 20, output_tokens: 30 });

    const results = ["call_a", "call_b"].map((id) => ({
      type: "tool_result" as const,
      tool_use_id: id,
      content: "16:40",
    }));
    const history: Anthropic.MessageParam[] = [
      ...body.messages,
      { role: "assistant", content },
      { role: "user", content: results },
    ];
    await client.messages.stream({ ...body, messages: history }).finalMessage();
    expect(JSON.parse(received.at(-1)!)).toMatchObject({
      thinking: { type: "enabled" },
      messages: [
        { role: "user" },
        {
          role: "assistant",
          content: "I look.",
          reasoning_content: "Two harbours, two calls.",
          tool_calls: [{ id: "call_a" }, { id: "call_b" }],
        },
        { role: "tool", tool_call_id: "call_a", content: "16:40" },
        { role: "tool", tool_call_id: "call_b", content: "16:40" },
      ],
    });
  });
});
