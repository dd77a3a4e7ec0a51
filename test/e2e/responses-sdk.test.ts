/**
 * The Responses API through the SDKs that speak it, unmodified, against the worker in real workerd. Each SDK is asked
 * for the same by its driver. Behind the worker stands the simulated vendor; thoughts and two calls whose words and
 * ids a test knows beforehand come from a script before it, for prompts that ask for them.
 */
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { RouterError } from "../../worker/domain/errors.ts";
import { errorResponse } from "../../worker/http/wire/errors.ts";
import { startLocalService, type LocalService } from "../support/node/local-service.ts";
import { AI } from "./responses/ai-driver.ts";
import type { Driver, Place, Raised } from "./responses/driver.ts";
import { LANGCHAIN } from "./responses/langchain-driver.ts";
import { OPENAI } from "./responses/openai-driver.ts";

const DRIVERS: readonly Driver[] = [OPENAI, AI, LANGCHAIN];
const KEY = "sluice-key-1";
const PICTURE = "data:image/png;base64,iVBORw0KGgo=";
/** In a prompt: the script answers. */
const SCRIPTED = "[scripted]";

let service: LocalService;
let place: Place;
let gate: Server;
/** What the script was sent. */
const scripted: string[] = [];

beforeAll(async () => {
  gate = createServer((request, response) => {
    void readText(request).then((body) => {
      if (!body.includes(SCRIPTED)) return forward(request, response, body);
      scripted.push(body);
      const isStream = body.includes('"stream":true');
      const type = isStream ? "text/event-stream" : "application/json";
      return void response.writeHead(200, { "content-type": type }).end(script(body, isStream));
    });
  });
  await new Promise<void>((done) => void gate.listen(0, "127.0.0.1", done));
  service = await startLocalService({
    SLUICE_API_KEY: KEY,
    VENDOR_BASE_URL: `http://127.0.0.1:${portOf(gate)}`,
    IDLE_TIMEOUT_MS: "60000", // Only its client ends a stream early, or a test fails.
  });
  place = { url: service.url, apiKey: KEY };
});
afterEach(() => {
  service.vendor.faults.clear();
  service.vendor.requests.clear();
  scripted.length = 0;
});
afterAll(async () => {
  await service.close();
  gate.close();
});

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === "string" || address === null) throw new Error("The server has no port.");
  return address.port;
}

/** Hands a request to the simulated vendor; either side that goes takes the other with it. */
function forward(request: IncomingMessage, response: ServerResponse, body: string): void {
  const { method = "POST", headers, url = "/" } = request;
  const onward = httpRequest(service.vendor.url + url, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.on("error", () => response.destroy()).pipe(response);
  });
  response.on("close", () => onward.destroy());
  onward.on("error", () => response.destroy()).end(body);
}

/** Thinks aloud in chat; asked through Responses, as tools are, it calls one for two harbours at once first. */
function script(body: string, isStream: boolean): string {
  if (body.includes('"input":[')) return scriptedResponse(body);
  const message = {
    role: "assistant",
    reasoning_content: "The moon pulls.",
    content: "Tides rise.",
  };
  const frame = { id: "chatcmpl-1", created: 1, model: "gpt-5.4" };
  const usage = { prompt_tokens: 3, completion_tokens: 9, total_tokens: 12 };
  if (!isStream)
    return JSON.stringify({
      ...frame,
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage,
    });
  const choices = [
    { index: 0, delta: message, finish_reason: null },
    { index: 0, delta: {}, finish_reason: "stop" },
  ];
  const chunks = [
    ...choices.map((choice) => ({ ...frame, choices: [choice] })),
    { ...frame, choices: [], usage },
  ];
  const lines = [...chunks.map((chunk) => JSON.stringify(chunk)), "[DONE]"];
  return lines.map((line) => `data: ${line}\n\n`).join("");
}

function scriptedResponse(body: string): string {
  const content = [{ type: "output_text", text: "Tides rise.", annotations: [] }];
  const calls = ["Brest", "Dover"].map((harbour, index) => ({
    type: "function_call",
    call_id: `call_${index}`,
    name: "look_up_tide",
    arguments: JSON.stringify({ harbour }),
  }));
  const hasResults = body.includes('"function_call_output"');
  return JSON.stringify({
    id: "resp_1",
    object: "response",
    created_at: 1,
    model: "gpt-5.4",
    status: "completed",
    output: hasResults ? [{ type: "message", role: "assistant", content }] : calls,
    usage: { input_tokens: 3, output_tokens: 9, total_tokens: 12 },
  });
}

const BERTH = z.strictObject({ harbour: z.string(), depth_m: z.number() });

function told(harbour: string): string {
  return `high at ${harbour}`;
}

/** From now on the vendor answers with this status. */
function failWith(status: number): void {
  service.vendor.faults.clear();
  service.vendor.faults.add({ fault: { kind: "status", status }, times: 99 });
}

/** What the driver's SDK raises. Throws where it raises nothing. */
async function raisedBy(driver: Driver, promise: Promise<unknown>): Promise<Raised> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return driver.raised(error);
  }
  throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
}

describe.for(DRIVERS)("$name", (driver) => {
  const prompt = "Explain how tides work.";

  it("gives the answer that the vendor gave, with what it used", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const answer = await driver.ask(place, { prompt });
    const direct = await fetch(`${service.vendor.url}/openai/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify((await arrived).body),
    });
    const { text, inputTokens, outputTokens } = answer;
    expect(await direct.json()).toMatchObject({
      choices: [{ message: { content: text } }],
      usage: { prompt_tokens: inputTokens, completion_tokens: outputTokens },
    });
  });

  it("is routed when it leaves the model open", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const answer = await driver.ask(place, { prompt, model: "auto:cost" });
    expect(answer.text).not.toBe("");
    expect((await arrived).model).toMatch(/^\w+\//);
  });

  it("streams the same answer in pieces", async ({ expect }) => {
    const plain = await driver.ask(place, { prompt });
    const pieces: string[] = [];
    const streamed = await driver.stream(place, { prompt }, (piece) => void pieces.push(piece));
    expect(streamed).toEqual(plain);
    expect(pieces.join("")).toBe(plain.text);
    expect(pieces.length).toBeGreaterThan(3);
  });

  it("gets pieces while the vendor holds back the next", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const question = { prompt: `${prompt} [sim:stall-mid:after=3]` };
    const pieces: string[] = [];
    const { text } = await driver.stream(place, question, (piece) => {
      if (pieces.push(piece) === 2) service.vendor.release();
    });
    expect(pieces.join("")).toBe(text);
    expect(await (await arrived).ended).toBe("finished");
  });

  it("calls a tool and speaks of its result", async ({ expect }) => {
    const harbours: string[] = [];
    const text = await driver.useTools(
      place,
      { prompt: "Look up the tide for Brest." },
      (harbour) => {
        harbours.push(harbour);
        return "High water at Penfeld";
      },
    );
    expect(harbours).toEqual(["Brest"]);
    expect(text).toMatch(/High|Penfeld|water/);
  });

  it("calls two tools at once and sends back both results", async ({ expect }) => {
    const harbours: string[] = [];
    const text = await driver.useTools(place, { prompt: SCRIPTED }, (harbour) => {
      harbours.push(harbour);
      return told(harbour);
    });
    expect(harbours).toEqual(["Brest", "Dover"]);
    expect(text).toBe("Tides rise.");
    const outputs = ["Brest", "Dover"].map((harbour, index) => {
      return { type: "function_call_output", call_id: `call_${index}`, output: told(harbour) };
    });
    expect(JSON.parse(scripted[1] ?? "")).toMatchObject({
      input: [{ role: "user" }, { call_id: "call_0" }, { call_id: "call_1" }, ...outputs],
    });
  });

  it("fills a schema", async ({ expect }) => {
    const arrived = service.vendor.requests.next();
    const berth = await driver.fill(place, { prompt: "Describe the berth at Brest, 9 m deep." });
    expect(BERTH.parse(berth)).toEqual(berth);
    expect((await arrived).body).toMatchObject({
      response_format: { type: "json_schema", json_schema: { name: "berth" } },
    });
  });

  it("shows a picture", async ({ expect }) => {
    const { text } = await driver.ask(place, { prompt: "What is this?", picture: PICTURE });
    expect(text).toMatch(/^The image is clear/);
  });

  it("goes on with a conversation", async ({ expect }) => {
    const text = await driver.converse(place, prompt, "And in a lake?");
    expect(text).not.toBe("");
    const { body } = service.vendor.requests.all().at(-1)!;
    const roles = ["user", "assistant", "user"].map((role) => ({ role }));
    expect(body).toMatchObject({ messages: roles });
  });

  it("shows the vendor's thinking, streamed and not", async ({ expect }) => {
    const expected = {
      text: "Tides rise.",
      reasoning: "The moon pulls.",
      inputTokens: 3,
      outputTokens: 9,
    };
    expect(await driver.ask(place, { prompt: SCRIPTED })).toEqual(expected);
    expect(await driver.stream(place, { prompt: SCRIPTED })).toEqual(expected);
  });

  it("reaches the vendor when it aborts while the answer flows", async ({ expect }) => {
    const leaving = new AbortController();
    const arrived = service.vendor.requests.next();
    const question = { prompt: `${prompt} [sim:slow:factor=1]`, signal: leaving.signal };
    const stream = driver.stream(place, question, () => leaving.abort());
    await stream.catch(() => {}); // Some SDKs raise and some merely end.
    expect(await (await arrived).ended).toBe("aborted");
  });

  it("raises its own errors", async ({ expect }) => {
    const { errors } = driver;
    failWith(400);
    expect(await raisedBy(driver, driver.ask(place, { prompt }))).toMatchObject({
      name: errors[400],
      status: 400,
    });
    failWith(429);
    expect(await raisedBy(driver, driver.ask(place, { prompt }))).toMatchObject({
      name: errors[429],
      status: 429,
    });
    failWith(500);
    expect(await raisedBy(driver, driver.stream(place, { prompt }))).toMatchObject({
      name: errors[502],
      status: 502,
    });
    const unknown = driver.ask(place, { prompt, model: "openai/nonesuch" });
    expect(await raisedBy(driver, unknown)).toMatchObject({ name: errors[404], status: 404 });
    const stranger = driver.ask({ ...place, apiKey: "wrong" }, { prompt });
    expect(await raisedBy(driver, stranger)).toMatchObject({ name: errors[401], status: 401 });
  });

  it("raises when the vendor fails within its answer", async ({ expect }) => {
    const pieces: string[] = [];
    const broken = driver.stream(
      place,
      { prompt: `${prompt} [sim:error-chunk:after=3]` },
      (piece) => {
        pieces.push(piece);
      },
    );
    expect((await raisedBy(driver, broken)).message).toMatch(/OpenAI/);
    expect(pieces.join("")).not.toBe("");
  });

  it("tries again where that may help", async ({ expect }) => {
    service.vendor.faults.add({
      fault: { kind: "status", status: 429, retryAfterMs: 1 },
      times: 1,
    });
    expect((await driver.ask(place, { prompt, retries: 1 })).text).not.toBe("");
    expect(service.vendor.requests.all()).toHaveLength(2);
  });

  it("does not try again when the money has run out", async ({ expect }) => {
    let count = 0;
    const broke: Place = {
      url: "http://127.0.0.1:1",
      async fetch() {
        count++;
        const details = { code: "insufficient_quota", retryAfterMs: 1 };
        return errorResponse(new RouterError("insufficient_quota", "No money left", details));
      },
    };
    const { message } = await raisedBy(driver, driver.ask(broke, { prompt, retries: 1 }));
    expect(message).toContain("No money left");
    expect(count).toBe(1);
  });
});
