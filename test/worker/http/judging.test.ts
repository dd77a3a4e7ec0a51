/** A sample of answers is graded by a model: beside the request, for the tenant, once, and only what can be graded. */
import { describe, it } from "vitest";
import type { LogRecord } from "../../../worker/domain/event.ts";
import { callerWith } from "../fixture/callers.ts";
import { createService, type ServiceOptions } from "../fixture/service.ts";
import {
  chunk,
  finish,
  json,
  scriptedVendor,
  streamed,
  usageChunk,
  whole,
  type Responder,
} from "../fixture/vendor.ts";

const GRADE = whole({ choices: [choiceOf('{"grade": 4}')] });

function choiceOf(content: string) {
  return { index: 0, message: { role: "assistant", content }, finish_reason: "stop" };
}

function judged(
  responders: readonly Responder[],
  { tenant = {}, ...more }: ServiceOptions & { tenant?: Record<string, unknown> } = {},
) {
  const records: LogRecord[] = [];
  const vendor = scriptedVendor(...responders);
  const service = createService({
    send: vendor.send,
    caller: callerWith({ tenant: { judge: { share: 0.5 }, ...tenant } }),
    events: {
      record: async (given) => void records.push(...given),
      erase: async () => undefined,
      standing: async () => ({ rows: 0, unfiled: 0, pending: 0, lost: 0 }),
    },
    ...more,
  });
  async function feedback() {
    for (let seen = -1; seen !== service.background.length;) {
      seen = service.background.length;
      await Promise.all(service.background);
    }
    return records.filter((record) => record.kind === "feedback");
  }
  return { service, feedback, records, requests: vendor.requests };
}

describe("judging", () => {
  it("grades an answer of the sample by the reference model, and says so once", async ({
    expect,
  }) => {
    const { service, feedback, records, requests } = judged([whole(), GRADE]);
    const answer = await service.chat({ model: "auto:cost" });
    expect(answer.status).toBe(200);
    expect(await feedback()).toEqual([
      {
        kind: "feedback",
        id: "req_1",
        tenant: "shop",
        atMs: expect.any(Number),
        source: "judge",
        score: 0.75,
      },
    ]);
    expect(requests).toHaveLength(2);
    expect(JSON.stringify(requests[1])).toContain("BEGIN ANSWER");
    expect(records.filter(({ kind }) => kind === "decision")).toHaveLength(1);
    expect(service.log.filter(({ event }) => event === "completion")).toMatchObject([
      { model: "openai/small" },
      { model: "openai/large", decision: "pinned" },
    ]);
  });

  it("grades a stream when it has ended, by the model that the tenant names", async ({
    expect,
  }) => {
    const stream = streamed(chunk("Hello"), finish(), usageChunk(), "[DONE]");
    const tenant = { judge: { share: 0.5, model: "openai/small" } };
    const { service, feedback } = judged([stream, GRADE], { tenant });
    await (await service.chat({ model: "auto", stream: true })).text();
    expect(await feedback()).toMatchObject([{ score: 0.75 }]);
    expect(service.log.findLast(({ event }) => event === "completion")).toMatchObject({
      model: "openai/small",
    });
  });

  it.for([
    ["what is not drawn", { random: () => 0.5 }, {}],
    ["a tenant that wants none", { tenant: { judge: undefined } }, {}],
    ["a tenant without events", { tenant: { events: "off" } }, {}],
    ["a prompt with tools", {}, { tools: [{ type: "function", function: { name: "f" } }] }],
    [
      "a prompt that is too long",
      {},
      { messages: [{ role: "user", content: "word ".repeat(5_000) }] },
    ],
  ] as const)("leaves %s alone", async ([, options, fields], { expect }) => {
    const { service, feedback, requests } = judged([whole(), GRADE], {
      maxBodyBytes: 100_000,
      ...options,
    });
    await service.chat({ model: "auto", ...fields });
    expect(await feedback()).toEqual([]);
    expect(requests).toHaveLength(1);
  });

  it("learns nothing of a judge that fails or does not grade, and the client sees nothing of it", async ({
    expect,
  }) => {
    const silent = judged([whole(), whole({ choices: [choiceOf("Fine, I think.")] })]);
    expect((await silent.service.chat({ model: "auto" })).status).toBe(200);
    expect(await silent.feedback()).toEqual([]);
    const failing = judged([whole(), ...Array.from({ length: 20 }, () => json(500, {}))]);
    expect((await failing.service.chat({ model: "auto" })).status).toBe(200);
    expect(await failing.feedback()).toEqual([]);
    expect(failing.service.log).toContainEqual(
      expect.objectContaining({ event: "judging_failed" }),
    );
  });
});
