/** The books of a storm of events: what is a loss, what is twice, what has two prices, and what only looks like it. */
import { describe, it } from "vitest";
import type { BillLine } from "../../../scripts/simulation/bill.ts";
import {
  balanceEvents,
  type EventFacts,
  type FiledRecord,
} from "../../../scripts/storming/event-books.ts";
import { SpokenLines } from "../../../scripts/storming/event-reading.ts";
import type { StormResult } from "../../../scripts/storming/one-call.ts";

function answered(requestId: string): StormResult {
  const request = { number: 0, model: "auto", isStream: false, content: "" };
  return { request, requestId, ending: "answered", detail: "200" };
}

function broken(): StormResult {
  const { requestId: _, ...rest } = answered("");
  return { ...rest, ending: "broken", detail: "ECONNRESET" };
}

function billed(requestId: string, microUsd = 100): BillLine {
  return {
    requestId,
    vendor: "a",
    model: "a/b",
    ending: "whole",
    inputTokens: 1,
    cacheWriteTokens: 0,
    outputTokens: 1,
    microUsd,
  };
}

function decision(id: string, more: Partial<FiledRecord> = {}): FiledRecord {
  const identity = `${id} decision`;
  return { id, kind: "decision", identity, costMicroUsd: 100, isEstimated: false, ...more };
}

/** Two requests of which all is well. */
function facts(more: Partial<EventFacts> = {}): EventFacts {
  return {
    results: [answered("a"), answered("b")],
    kept: ["a", "b"].map((requestId) => ({ requestId, kind: "decision" })),
    records: [decision("a"), decision("b"), { id: "a", kind: "feedback", identity: "a feedback" }],
    files: 1,
    lines: [billed("a"), billed("b", 60), billed("b", 40)],
    openCalls: 0,
    forgottenLines: 0,
    dropped: 0,
    unwritten: 0,
    kills: [],
    ...more,
  };
}

describe("the books of events", () => {
  it("are in order where every event has the bill's price", ({ expect }) => {
    const books = balanceEvents(facts());
    expect(books.brokenLaws).toEqual([]);
    expect(books).toMatchObject({ equal: 2, decisions: 2, others: 1, eventsMicroUsd: 200 });
  });

  it.for<[string, Partial<EventFacts>]>([
    ["acknowledged records are in no file", { kept: [{ requestId: "a", kind: "signal" }] }],
    ["records are in the files twice", { records: [decision("a"), decision("a"), decision("b")] }],
    ["whole answers have two prices", { lines: [billed("a", 99), billed("b")] }],
    ["whole answers have two prices", { lines: [billed("b")] }],
    ["events were lost without a kill", { records: [decision("a")], kept: [] }],
    ["events of nobody were lost", { lines: [...facts().lines, billed("c")], kills: [0] }],
    ["requests failed", { results: [{ ...broken(), ending: "failed" }] }],
    ["connections broke without a kill", { results: [broken(), broken()], kills: [1] }],
    ["records were dropped", { dropped: 1 }],
    ["rows or files were still to be written", { unwritten: 1 }],
    ["calls are still open", { openCalls: 1 }],
    ["has forgotten 1 lines", { forgottenLines: 1 }],
    ["no event was acknowledged", { kept: [] }],
  ])("say that %s", ([why, more], { expect }) => {
    expect(balanceEvents(facts(more)).brokenLaws.join("; ")).toContain(why);
  });

  it("name what a kill has lost, and what was cut short, and add it up", ({ expect }) => {
    const books = balanceEvents(
      facts({
        results: [answered("a"), answered("b"), broken()],
        kept: [{ requestId: "a", kind: "decision" }],
        records: [decision("a", { costMicroUsd: 70, isEstimated: true })],
        lines: [billed("a"), billed("b"), billed("c", 5)],
        kills: [1],
      }),
    );
    expect(books.brokenLaws).toEqual([]);
    expect(books.cut).toEqual([{ requestId: "a", event: 70, billed: 100, isEstimated: true }]);
    expect(books.lost).toEqual([
      { requestId: "b", wasAnswered: true, billed: 100 },
      { requestId: "c", wasAnswered: false, billed: 5 },
    ]);
    expect(books).toMatchObject({
      billedMicroUsd: 205,
      eventsMicroUsd: 70,
      explainedMicroUsd: 135,
    });
  });
});

describe("a worker's lines", () => {
  it("are read in whatever pieces they come, but for one that a kill has cut off", ({ expect }) => {
    const lines = new SpokenLines();
    const kept = JSON.stringify({ event: "event_kept", request_id: "a", kind: "decision" });
    const text = `ready\n${kept}\n{"event":"events_dropped","count":3,"why":"refused"}\n${kept}`;
    for (const letter of text) lines.read(letter);
    lines.breakOff();
    lines.read('{"event":"event_lost","reason":"a defect"}\n');
    expect(lines.kept).toEqual([{ requestId: "a", kind: "decision" }]);
    expect(lines.dropped).toBe(4);
    expect([...lines.reasons]).toEqual(["refused", "a defect"]);
  });
});
