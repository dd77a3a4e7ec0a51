/** What the service learns from the calls it makes: seen in `/v1/route`, which calls nobody. */
import { describe, it } from "vitest";
import type { Send } from "../../../worker/providers/dispatch.ts";
import { createService, type TestService } from "../fixture/service.ts";
import {
  chunk,
  finish,
  FRAME,
  json,
  parseObject,
  scriptedVendor,
  sse,
  USAGE,
  usageChunk,
  whole,
  type Responder,
} from "../fixture/vendor.ts";

const MODEL = "openai/small";

interface Forecast {
  readonly ttftMs: number;
  readonly latencyMs: number;
}

async function forecastOf(service: TestService): Promise<Forecast> {
  const response = await service.fetch("/v1/route", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Hi" }] }),
  });
  const { models } = await response.json<{ models: unknown[] }>();
  const model = parseObject(JSON.stringify(models[0]));
  return { ttftMs: Number(model["ttft_ms"]), latencyMs: Number(model["latency_ms"]) };
}

/** A service whose vendor takes as long as `take` says, by the hand-moved clock. */
function serviceTaking(
  ms: number,
  responder: Responder = whole({ usage: { ...USAGE, completion_tokens: 100, total_tokens: 110 } }),
): TestService {
  const vendor = scriptedVendor(responder);
  function send(...sent: Parameters<Send>): ReturnType<Send> {
    service.timers.advance(ms);
    return vendor.send(...sent);
  }
  const service = createService({ send });
  return service;
}

describe("latency", () => {
  it("is forecast from whole answers as they were", async ({ expect }) => {
    const service = serviceTaking(300);
    expect(await forecastOf(service)).toEqual({ ttftMs: 500, latencyMs: 1_500 });
    for (let k = 0; k < 30; k++) await service.chat({ model: MODEL });
    const { ttftMs, latencyMs } = await forecastOf(service);
    expect(latencyMs).toBeLessThan(400);
    expect(ttftMs).toBeLessThan(500);
  });

  it("tells a stream's first token from its last, and thinking from an answer", async ({
    expect,
  }) => {
    const usage = usageChunk({ ...USAGE, completion_tokens: 100, total_tokens: 110 });
    function slowly(service: () => TestService): Responder {
      const delta = { reasoning_content: "Hm." };
      const thought = JSON.stringify({ ...FRAME, choices: [{ index: 0, delta }] });
      const steps = [
        { afterMs: 100, data: thought },
        { afterMs: 900, data: chunk("Hello") },
        { afterMs: 3_000, data: finish() },
        { afterMs: 0, data: usage },
        { afterMs: 0, data: "[DONE]" },
      ];
      return () => {
        const left = [...steps];
        const body = new ReadableStream<Uint8Array>(
          {
            pull(out) {
              const step = left.shift();
              if (step === undefined) return out.close();
              service().timers.advance(step.afterMs);
              out.enqueue(sse(step.data));
            },
          },
          { highWaterMark: 0 },
        );
        return new Response(body, { headers: { "content-type": "text/event-stream" } });
      };
    }
    const service: TestService = createService({
      send: scriptedVendor(slowly(() => service)).send,
    });
    for (let k = 0; k < 40; k++) await (await service.chat({ model: MODEL, stream: true })).text();
    const { ttftMs, latencyMs } = await forecastOf(service);
    expect(ttftMs / 1_000).toBeGreaterThan(0.85);
    expect(ttftMs / 1_000).toBeLessThan(1.15);
    expect(latencyMs / 4_000).toBeGreaterThan(0.85);
    expect(latencyMs / 4_000).toBeLessThan(1.15);
  });

  it("is not learnt from calls that failed", async ({ expect }) => {
    const service = serviceTaking(5_000, json(500, { error: { message: "Down" } }));
    for (let k = 0; k < 10; k++)
      expect((await service.chat({ model: MODEL })).status).toBeGreaterThanOrEqual(500);
    expect(await forecastOf(service)).toEqual({ ttftMs: 500, latencyMs: 1_500 });
  });

  it("keeps the limit at the 90th percentile, and says who is too slow", async ({ expect }) => {
    const service = serviceTaking(2_950);
    async function statusWithin(ms: number): Promise<number> {
      const headers = { "x-sluice-max-latency-ms": String(ms) };
      return (await service.chat({ model: MODEL }, { headers })).status;
    }
    expect(await statusWithin(2_000)).toBe(400); // The median is 1.5 s.
    expect(await statusWithin(2_900)).toBe(200);
    for (let k = 0; k < 20; k++) await service.chat({ model: MODEL });
    expect(await statusWithin(2_900)).toBe(400);
  });
});
