/**
 * What every adapter must do, shown by cases in the shape of each vendor's own traffic
 * (test/fixtures/providers/<format>/<case>/) and by laws that hold for any bytes. OpenAI's adapter speaks two of
 * them, chat and Responses.
 *
 * A case folder holds `request.json` (OpenAI's chat request), `sent.json` (`{vendor, path, body}`, what the
 * vendor must get for it), and either `answer.json` with `completion.json` (the vendor's whole answer and
 * what it is in OpenAI's format) or `stream.txt` with `chunks.json` (the vendor's stream and the data of
 * OpenAI's chunks). Each adapter has each case, or says here why not.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { chatRequestSchema } from "../../../worker/domain/chat.ts";
import { isRecord, jsonIn } from "../../../worker/lib/json.ts";
import { SseDecoder, type SseEvent } from "../../../worker/lib/sse.ts";
import { ADAPTERS } from "../../../worker/providers/adapters.ts";
import { endpointsOf, type Endpoint } from "../../../worker/providers/endpoints.ts";
import { VENDORS, type WireFormat } from "../../../worker/providers/registry.ts";
import { parseObject } from "../fixture/vendor.ts";

const CASES = [
  "plain",
  "stream",
  "tools",
  "tools-stream",
  "tool-results",
  "structured",
  "image",
  "reasoning",
  "reasoning-stream",
  "sampling",
  "cut-off",
  "filtered",
  "cache",
] as const;

type Format = WireFormat | "openai-responses";

/** Why an adapter has no such case. */
const SKIPPED: Readonly<Record<Format, Partial<Record<(typeof CASES)[number], string>>>> = {
  openai: { cache: "these vendors cache prompts unasked" },
  "openai-responses": { cache: "it caches prompts unasked" },
  anthropic: {},
  google: { cache: "it caches prompts unasked" },
  // Through the binding; over REST it answers in OpenAI's own shapes.
  "workers-ai": {
    cache: "it has no cache",
    image: "the request is OpenAI's and the answer a plain one",
    reasoning: "only models that answer in OpenAI's shapes tell their thoughts",
    "reasoning-stream": "only models that answer in OpenAI's shapes tell their thoughts",
    sampling: "it gives one answer, without logprobs",
    "cut-off": "its own shape does not tell why it ended",
    filtered: "its own shape does not tell why it ended",
  },
};

/** When an answer came that does not say so itself. */
const CREATED_S = 1_741_569_952;
const KEY = "very-secret-0123456789";
const files: Record<string, string> = import.meta.glob("../../fixtures/providers/**", {
  query: "?raw",
  eager: true,
  import: "default",
});

function fileOf(format: string, name: string, file: string): string | undefined {
  return files[`../../fixtures/providers/${format}/${name}/${file}`];
}

function endpointOf(vendor: string): Endpoint {
  const addresses = {
    CLOUDFLARE_ACCOUNT_ID: "0".repeat(32),
    AZURE_OPENAI_ENDPOINT: "https://mine.openai.azure.com",
  };
  return endpointsOf({ keys: { [vendor]: [KEY] }, addresses }).get(vendor)![0];
}

function wireOf(format: Format): WireFormat {
  return format === "openai-responses" ? "openai" : format;
}

function anEndpoint(format: Format): Endpoint {
  return endpointOf(VENDORS.find((vendor) => vendor.format === wireOf(format))!.id);
}

function answerOf(body: Record<string, unknown>) {
  return { text: JSON.stringify(body), body, createdS: CREATED_S };
}

/** The data of all chunks, parsed (undefined where it is no JSON); a failure is the last entry. */
function readAll(format: Format, events: readonly SseEvent[]): unknown[] {
  const reader = ADAPTERS[wireOf(format)].openStream(anEndpoint(format), CREATED_S);
  const out: unknown[] = [];
  for (const event of events) {
    const taken = reader.take(event);
    if ("kind" in taken) return [...out, taken];
    out.push(...taken.map(({ data }) => (data === "[DONE]" ? data : jsonIn(data))));
  }
  return out;
}

const FORMATS = Object.keys(SKIPPED).filter(
  (name): name is Format => name === "openai-responses" || name in ADAPTERS,
);
/** What an answer says to be read as one of this format, whatever else it says. */
const MARKS: Partial<Record<Format, object>> = { "openai-responses": { object: "response" } };

describe.for(FORMATS)("the adapter for %s", (format) => {
  const adapter = ADAPTERS[wireOf(format)];
  const mark = MARKS[format];

  for (const name of CASES) {
    const reason = SKIPPED[format][name];
    const why = reason === undefined ? "" : ` (it has none: ${reason})`;
    it.skipIf(reason !== undefined)(`has the case ${name}${why}`, ({ expect }) => {
      const request = chatRequestSchema.parse(JSON.parse(fileOf(format, name, "request.json")!));
      const sent = parseObject(fileOf(format, name, "sent.json"));
      const endpoint = endpointOf(String(sent["vendor"]));
      const { url, headers, body } = adapter.buildRequest(endpoint, request, "upstream-1");
      expect(url).toBe(`${endpoint.baseUrl}${String(sent["path"])}`);
      expect(parseObject(body)).toEqual(sent["body"]);
      expect(`${url}${body}`).not.toContain(KEY);
      expect(Object.values(headers).join(" ")).toContain(KEY);

      const text = fileOf(format, name, "answer.json");
      if (text !== undefined) {
        const answer = adapter.readAnswer(answerOf(parseObject(text)), endpoint);
        if (answer.kind !== "completion") throw new Error(answer.message);
        expect(answer.body).toEqual(JSON.parse(fileOf(format, name, "completion.json")!));
        expect(JSON.parse(answer.text)).toEqual(answer.body);
      } else {
        const events = new SseDecoder().push(bytesOf(fileOf(format, name, "stream.txt")!));
        const chunks = readAll(format, events);
        expect(chunks).toEqual(JSON.parse(fileOf(format, name, "chunks.json")!));
        expect(isFinished(chunks)).toBe(true);
      }
    });
  }

  it("refuses an answer that is none, and never throws over one", ({ expect }) => {
    const endpoint = anEndpoint(format);
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const answer = adapter.readAnswer(answerOf({ ...body, ...mark }), endpoint);
        expect(answer.kind).toMatch(/^(completion|failure)$/);
      }),
    );
    const said = { ...mark, error: { type: "overloaded_error", message: `busy ${KEY}` } };
    const failure = adapter.readAnswer(answerOf(said), endpoint);
    expect(failure).toMatchObject({ kind: "failure", isRetryable: true });
    expect(JSON.stringify(failure)).not.toContain(KEY);
    for (const body of [{}, { choices: [] }])
      expect(adapter.readAnswer(answerOf({ ...body, ...mark }), endpoint).kind).toBe("failure");
  });

  it("survives any events, and any mutation of its own", ({ expect }) => {
    const streams = CASES.flatMap((name) => fileOf(format, name, "stream.txt") ?? []);
    const own = streams.flatMap((text) => new SseDecoder().push(bytesOf(text)));
    const event = fc.oneof(
      fc.constantFrom(...own),
      fc.record({ event: fc.constantFrom(undefined, "error", "x"), data: fc.json() }),
      fc.record({ event: fc.constant(undefined), data: fc.string() }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        expect(() => readAll(format, events)).not.toThrow();
      }),
    );
  });

  it("reads the same from a stream however it was cut", ({ expect }) => {
    for (const name of CASES) {
      const text = fileOf(format, name, "stream.txt");
      if (text === undefined) continue;
      const bytes = bytesOf(text);
      const whole = JSON.stringify(readAll(format, new SseDecoder().push(bytes)));
      fc.assert(
        fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 20 }), (cuts) => {
          const decoder = new SseDecoder();
          const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
          const events = at.slice(1).flatMap((end, i) => decoder.push(bytes.slice(at[i], end)));
          expect(JSON.stringify(readAll(format, events))).toBe(whole);
        }),
      );
    }
  });
});

/** Whether the chunks make a whole answer: every choice has had its finish_reason. */
function isFinished(chunks: readonly unknown[]): boolean {
  const finished = new Map<unknown, boolean>();
  for (const chunk of chunks) {
    if (!isRecord(chunk) || !Array.isArray(chunk["choices"])) continue;
    for (const choice of chunk["choices"]) {
      if (!isRecord(choice)) return false;
      const was = finished.get(choice["index"]) ?? false;
      finished.set(choice["index"], was || typeof choice["finish_reason"] === "string");
    }
  }
  return finished.size > 0 && [...finished.values()].every(Boolean);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
