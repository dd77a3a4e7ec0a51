/**
 * The cache in real workerd, with a real SDK: the second answer is the first one again, however many ask at once a
 * vendor is called once, and what was kept outlives the process.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, it } from "vitest";
import { z } from "zod";
import { startLocalWorker, type LocalWorker } from "../../scripts/simulation/local-worker.ts";
import { startVendor, type Vendor } from "../../scripts/vendor.ts";

const MODEL = "openai/gpt-5.4";
const CROWD = 500;
const ADMIN_KEY = "the-operators-key-of-this-test";

let vendor: Vendor;
let worker: LocalWorker;
let folder: string;

beforeAll(async () => {
  vendor = await startVendor();
  folder = await mkdtemp(join(tmpdir(), "sluice-cache-"));
  worker = await start();
});
afterAll(async () => {
  await worker?.close();
  await vendor?.close();
  await rm(folder, { recursive: true, force: true });
});

function start(): Promise<LocalWorker> {
  return startLocalWorker({
    vendorUrl: vendor.url,
    persist: folder,
    logLevel: "error",
    vars: { LOG_LEVEL: "error", CIRCUITS: "off", SLUICE_ADMIN_KEY: ADMIN_KEY },
  });
}

function client(): OpenAI {
  return new OpenAI({
    apiKey: "sk-none",
    baseURL: `${worker.directUrl}/v1`,
    maxRetries: 0,
    defaultHeaders: { "x-sluice-cache": "exact" },
  });
}

function ask(content: string, stream = false, mode = "exact"): Promise<Response> {
  return fetch(`${worker.directUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-sluice-cache": mode },
    body: JSON.stringify({ model: MODEL, stream, messages: [{ role: "user", content }] }),
  });
}

/** The data of all events but the last two: those are ours, and say what it cost. */
function vendorEvents(text: string): string[] {
  return text.split("\n\n").slice(0, -3);
}

function callsAbout(content: string): number {
  return vendor.requests.all().filter(({ body }) => JSON.stringify(body).includes(content)).length;
}

describe("an answer that is asked for again", () => {
  it("is the same stream byte for byte, and the vendor is not called", async ({ expect }) => {
    const content = "Tell me about canal locks.";
    const first = await ask(content, true);
    const firstText = await first.text();
    const again = await ask(content, true);
    const secondText = await again.text();
    expect(first.headers.get("x-sluice-cache")).toBe("miss");
    expect(again.headers.get("x-sluice-cache")).toBe("hit");
    expect(vendorEvents(firstText).length).toBeGreaterThan(3);
    expect(vendorEvents(secondText)).toEqual(vendorEvents(firstText));
    expect(secondText.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(callsAbout(content)).toBe(1);
  });

  it("is the same to the SDK, streamed and whole", async ({ expect }) => {
    const content = "Tell me about weirs.";
    const messages = [{ role: "user" as const, content }];
    const answers: string[] = [];
    for (let time = 0; time < 2; time++) {
      const whole = await client().chat.completions.create({ model: MODEL, messages });
      answers.push(whole.choices[0]!.message.content!);
      const stream = client().chat.completions.stream({ model: MODEL, messages });
      answers.push((await stream.finalChatCompletion()).choices[0]!.message.content!);
    }
    expect(new Set(answers).size).toBe(1);
    expect(callsAbout(content)).toBe(1);
  });

  it.for([false, true])(
    "by five hundred at once takes one call, streamed: %s",
    async (stream, { expect }) => {
      const content = `Tell ${CROWD} of us about sluices, ${stream}.`;
      const answers = await Promise.all(
        Array.from({ length: CROWD }, async () => {
          const response = await ask(content, stream);
          const text = await response.text();
          return { status: response.status, cache: response.headers.get("x-sluice-cache"), text };
        }),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(answers.filter(({ cache }) => cache === "miss")).toHaveLength(1);
      const said = answers.map(({ text }) => (stream ? vendorEvents(text).join() : text));
      expect(new Set(said).size).toBe(1);
      expect(callsAbout(content)).toBe(1);
    },
  );

  it("is there still when the process is another", async ({ expect }) => {
    const content = "Tell me about aqueducts.";
    const first = await (await ask(content)).text();
    await worker.close();
    worker = await start();
    const again = await ask(content);
    expect(again.headers.get("x-sluice-cache")).toBe("hit");
    expect(await again.text()).toBe(first);
    expect(callsAbout(content)).toBe(1);
  });
});

describe("a prompt in other words", () => {
  it("is found by the head of the bundle, and its answer is evidence for the next", async ({
    expect,
  }) => {
    const path = `${worker.directUrl}/admin/tenants/default/cache`;
    // A prompt is in the index a moment after it was answered.
    let audits = 0;
    for (const how of ["do", "can", "could", "should", "might", "would", "may"]) {
      if (audits > 0) break;
      const content = `How ${how} I open the lower gate of a canal lock?`;
      const { headers } = await ask(content, false, "semantic");
      expect(headers.get("x-sluice-cache")).toBe("miss");
      const seen = await fetch(path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
      ({ audits } = z.object({ audits: z.number() }).parse(await seen.json()));
    }
    expect(audits).toBeGreaterThan(0);
  });
});
