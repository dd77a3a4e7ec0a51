/**
 * The simulated vendor's bill: priced as the service prices usage, with a line for whatever a vendor charges and none
 * for what it refused, bounded in memory and never in its sums.
 */
import * as fc from "fast-check";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import catalogJson from "../../../router-models/catalog.json" with { type: "json" };
import { parseCatalog } from "../../../router-models/catalog.ts";
import { Bill, lineFor, owedMicroUsd, type BillLine } from "../../../scripts/simulation/bill.ts";
import { dueMs, tokensBy } from "../../../scripts/simulation/pace.ts";
import { startVendor, type Vendor } from "../../../scripts/vendor.ts";
import { priceOf, readUsage } from "../../../worker/pipeline/usage.ts";

const { models } = parseCatalog(catalogJson);
const viewSchema = z.object({
  open: z.number(),
  forgotten: z.number(),
  totals: z.object({ microUsd: z.number(), whole: z.number(), left: z.number() }),
  requests: z.record(
    z.string(),
    z.object({ microUsd: z.number(), lines: z.array(z.looseObject({ model: z.string() })) }),
  ),
});

let vendor: Vendor;

beforeAll(async () => {
  vendor = await startVendor();
});
afterEach(() => {
  vendor.faults.clear();
  vendor.bill.clear();
});
afterAll(() => vendor.close());

const ID = { "x-client-request-id": "req_7" };

function clientOf(name: string): OpenAI {
  return new OpenAI({
    apiKey: "none",
    baseURL: `${vendor.url}/${name}/v1`,
    maxRetries: 0,
    defaultHeaders: ID,
  });
}

function ask(content: string, model = "gpt-5.4") {
  return { model, messages: [{ role: "user" as const, content }] };
}

async function viewOf(query = "") {
  const response = await fetch(`${vendor.url}/__sim/bill${query}`);
  return viewSchema.parse(await response.json());
}

const count = fc.nat({ max: 300_000 });

describe("the price of a line", () => {
  it("is the service's own for the same counts, for every model of the catalogue", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...models),
        fc.tuple(count, count, count),
        (model, [fresh, write, output]) => {
          const promptTokens = fresh + write;
          const billed = { promptTokens, cacheWriteTokens: write, completionTokens: output };
          const counts = { input: promptTokens, cachedInput: 0, cacheWriteInput: write, output };
          const owed = owedMicroUsd(billed, model.price);
          expect(owed).toBe(priceOf({ ...counts, isEstimate: false }, model));
          expect(Number.isSafeInteger(owed)).toBe(true);
        },
      ),
    );
  });
});

describe("a pace", () => {
  it("has made by the time that an event is due at least the ones before it", ({ expect }) => {
    const pace = fc.record({
      ttftMs: fc.nat({ max: 5_000 }),
      tokensPerSecond: fc.integer({ min: 1, max: 2_000 }),
    });
    fc.assert(
      fc.property(pace, fc.nat({ max: 10_000 }), (own, index) => {
        expect(tokensBy(own, dueMs(own, index) + 0.001)).toBe(index);
        expect(tokensBy(own, own.ttftMs - 1)).toBe(0);
      }),
    );
    const atOnce = { ttftMs: 0, tokensPerSecond: Number.POSITIVE_INFINITY };
    expect(tokensBy(atOnce, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});

function lineOf(requestId: string, microUsd: number): BillLine {
  const tokens = { inputTokens: 1, cacheWriteTokens: 0, outputTokens: 2 };
  return { requestId, vendor: "v", model: "v/m", ending: "whole", microUsd, ...tokens };
}

describe("the bill", () => {
  it("sums up every line and keeps the last ones", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 1_000 })),
        fc.integer({ min: 1, max: 9 }),
        (costs, kept) => {
          const bill = new Bill(kept);
          for (const [at, microUsd] of costs.entries()) bill.begin()(lineOf(`req_${at}`, microUsd));
          expect(bill.totals).toMatchObject({
            microUsd: costs.reduce((sum, cost) => sum + cost, 0),
            whole: costs.length,
            inputTokens: costs.length,
            outputTokens: 2 * costs.length,
          });
          expect(bill.lines.map(({ microUsd }) => microUsd)).toEqual(costs.slice(-kept));
          expect(bill.forgotten).toBe(Math.max(costs.length - kept, 0));
        },
      ),
    );
  });

  it("holds no more than 100,000 lines, and says what calls are open", ({ expect }) => {
    const bill = new Bill();
    const end = bill.begin();
    for (let at = 0; at < 100_010; at++) bill.begin()(lineOf("req_1", 1));
    expect([bill.lines.length, bill.forgotten, bill.open]).toEqual([100_000, 10, 1]);
    expect(bill.totals.microUsd).toBe(100_010);
    bill.clear();
    end(undefined);
    expect([bill.lines.length, bill.forgotten, bill.open]).toEqual([0, 0, 0]);
  });
});

describe("what is charged", () => {
  it.for([
    ["openai", "gpt-5.4"],
    ["groq", "openai/gpt-oss-20b"],
  ] as const)(
    "for a whole answer of %s, streamed or not: what its usage says",
    async ([name, model], { expect }) => {
      const body = ask("Explain why lighthouses use Fresnel lenses.", model);
      const client = clientOf(name);
      const { usage } = await client.chat.completions.create(body);
      const stream = await client.chat.completions.create({ ...body, stream: true });
      for await (const _ of stream);
      const entry = models.find(
        ({ id }) => id.startsWith(`${name}/`) && model.endsWith(id.slice(name.length + 1)),
      );
      const owed = priceOf(readUsage(usage)!, entry!);
      const view = await viewOf();
      expect(owed).toBeGreaterThan(0);
      expect(view).toMatchObject({
        open: 0,
        forgotten: 0,
        totals: { microUsd: 2 * owed, whole: 2 },
      });
      expect(view.requests["req_7"]).toMatchObject({
        microUsd: 2 * owed,
        lines: [
          { model: entry!.id, ending: "whole", microUsd: owed },
          { inputTokens: usage?.prompt_tokens, outputTokens: usage?.completion_tokens },
        ],
      });
      expect((await viewOf("?request_id=req_8")).requests).toEqual({});
      await fetch(`${vendor.url}/__sim/bill`, { method: "DELETE" });
      expect(await viewOf()).toMatchObject({ totals: { microUsd: 0 }, requests: {} });
    },
  );

  it("for vectors: the tokens of what was put in", async ({ expect }) => {
    const input = "The keeper opens the gate.";
    const { usage } = await clientOf("openai").embeddings.create({
      model: "text-embedding-3-small",
      input,
    });
    expect(vendor.bill.lines).toEqual([
      expect.objectContaining({
        inputTokens: usage.prompt_tokens,
        outputTokens: 0,
        ending: "whole",
      }),
    ]);
    expect(vendor.bill.totals.microUsd).toBeGreaterThan(0);
  });

  it.for(["429", "reset", "error-body", "wrong-type", "overflow", "filter", "error-chunk:after=0"])(
    "nothing for a call that comes to nothing: %s",
    async (fault, { expect }) => {
      const body = { ...ask(`Hi [sim:${fault}]`), stream: true } as const;
      await clientOf("openai")
        .chat.completions.create(body)
        .then(drain)
        .catch(() => {});
      expect(vendor.requests.all().at(-1)).toMatchObject({ state: "failed" });
      expect(await viewOf()).toMatchObject({ open: 0, totals: { microUsd: 0 }, requests: {} });
    },
  );

  it("what was written of an answer that the vendor itself tears", async ({ expect }) => {
    const body = {
      ...ask("Tell me about tides. [sim:error-chunk:after=4]"),
      stream: true,
    } as const;
    await clientOf("openai")
      .chat.completions.create(body)
      .then(drain)
      .catch(() => {});
    const { billed } = vendor.requests.all().at(-1)!;
    expect(vendor.bill.lines).toEqual([
      expect.objectContaining({
        ending: "fault",
        inputTokens: billed?.promptTokens,
        outputTokens: 3 + (billed?.reasoningTokens ?? 0),
      }),
    ]);
  });

  it.for([
    ["openai", "gpt-5.4", 3],
    ["google", "gemini-3.1-flash-lite:streamGenerateContent", 4],
  ] as const)(
    "what was written when the caller left: %s",
    async ([name, model, pieces], { expect }) => {
      const arrived = vendor.requests.next();
      const gone = new AbortController();
      const text = "Tell me about tides. [sim:stall-mid:after=4]";
      const isGoogle = name === "google";
      const path = isGoogle ? `models/${model}` : "chat/completions";
      const contents = [{ role: "user", parts: [{ text }] }];
      const response = await fetch(`${vendor.url}/${name}/v1/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...ID },
        body: JSON.stringify(isGoogle ? { contents } : { ...ask(text, model), stream: true }),
        signal: gone.signal,
      });
      const record = await arrived;
      const reader = response.body!.getReader();
      for (let seen = ""; seen.split("\n\n").length <= 4;) {
        const { value } = await reader.read();
        seen += new TextDecoder().decode(value);
      }
      expect(await viewOf()).toMatchObject({ open: 1, requests: {} });
      gone.abort();
      expect(await record.ended).toBe("aborted");
      const outputTokens = pieces + (record.billed?.reasoningTokens ?? 0);
      const inputTokens = record.billed?.promptTokens;
      expect(vendor.bill.open).toBe(0);
      expect(vendor.bill.lines).toEqual([
        expect.objectContaining({ requestId: "req_7", ending: "left", inputTokens, outputTokens }),
      ]);
    },
  );

  it("the prompt, for one that is left before its first word", async ({ expect }) => {
    const arrived = vendor.requests.next();
    const gone = new AbortController();
    const call = clientOf("openai").chat.completions.create(ask("Hi [sim:stall]"), {
      signal: gone.signal,
    });
    const record = await arrived;
    gone.abort();
    await expect(call).rejects.toThrow(/abort/i);
    await record.ended;
    expect(vendor.bill.lines).toEqual([
      expect.objectContaining({ ending: "left", outputTokens: 0 }),
    ]);
  });

  it("all of what was made, for a whole answer that is torn or left", ({ expect }) => {
    const [model] = models;
    const billed = {
      promptTokens: 9,
      cacheWriteTokens: 2,
      completionTokens: 50,
      reasoningTokens: 5,
    };
    const call = { headers: {}, model: model!, billed } as const;
    expect(lineFor({ ...call, state: "failed", madeTokens: 50 })).toMatchObject({
      requestId: "",
      ending: "fault",
      cacheWriteTokens: 2,
      outputTokens: 50,
    });
    expect(lineFor({ ...call, state: "aborted", madeTokens: 20 })?.outputTokens).toBe(20);
    expect(lineFor({ ...call, state: "failed", madeTokens: 0 })).toBeUndefined();
  });
});

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
