/** The laws of a storm on made-up books: sound ones break none, and each fault that is planted breaks its own. */
import { describe, it } from "vitest";
import type { BillLine } from "../../../scripts/simulation/bill.ts";
import { balance, type KillFacts, type StormFacts } from "../../../scripts/storming/books.ts";
import type { StormResult } from "../../../scripts/storming/one-call.ts";

const MODEL = "mistral/mistral-large-2512";
const RATES = new Map([[MODEL, 1.5]]);
const request = { number: 0, model: MODEL, isStream: true, content: "Hi" };

function line(requestId: string, microUsd: number, ending: BillLine["ending"] = "whole"): BillLine {
  const tokens = { inputTokens: 1, cacheWriteTokens: 0, outputTokens: 1 };
  return { requestId, vendor: "mistral", model: MODEL, ending, ...tokens, microUsd };
}

function answer(requestId: string, costMicroUsd: number): StormResult {
  return { request, ending: "answered", detail: "200", requestId, model: MODEL, costMicroUsd };
}

function refusal(leftMicroUsd: number, asksMicroUsd: number): StormResult {
  const reason = { leftMicroUsd, asksMicroUsd };
  return { request, ending: "refused", detail: "402", requestId: "no", refusal: reason };
}

const stopped: StormResult = { ...answer("cut", 400), ending: "stopped", lastReadTokens: 4 };

const SOUND: StormFacts = {
  limit: 1_000,
  results: [answer("whole", 500), stopped, refusal(10, 90)],
  last: [refusal(100, 101)],
  lines: [line("whole", 500), line("cut", 420, "left")],
  isFaulty: false,
  openCalls: 0,
  unbilled: [{ requestId: "cut", isLapsed: false, microUsd: 400 }],
  ledger: { spent: 900, held: 0 },
  reconciled: { spent: 920, held: 0 },
  lostSettlements: 0,
};

const KILL: KillFacts = {
  before: { spent: 500, held: 400 },
  after: { spent: 500, held: 400 },
  paidBefore: 900,
  lapsed: { spent: 900, held: 0 },
  holds: [{ requestId: "cut", isLapsed: true, microUsd: 420 }],
};

function kill(facts: Partial<KillFacts>): Partial<StormFacts> {
  return { kill: { ...KILL, ...facts } };
}

describe("the books of a storm", () => {
  it("break no law where they agree", ({ expect }) => {
    const books = balance(SOUND, RATES);
    expect(books.broken).toEqual([]);
    expect(books).toMatchObject({ billed: 920, left: 100, equal: 1, difference: -20, bound: 26 });
    expect(balance({ ...SOUND, kill: KILL }, RATES).broken).toEqual([]);
    const outgrown = { ...KILL, holds: [{ requestId: "cut", isLapsed: true, microUsd: 410 }] };
    expect(balance({ ...SOUND, kill: outgrown }, RATES)).toMatchObject({
      broken: [],
      outgrown: 1,
      outgrownBy: 10,
      bound: 36,
    });
  });

  it("are the bill's alone where vendors fail", ({ expect }) => {
    const torn = { ...answer("torn", 90), ending: "failed" as const };
    const beside = answer("beside", 130);
    const lines = [...SOUND.lines, line("torn", 40, "fault"), line("beside", 60, "fault")];
    const facts = { ...SOUND, limit: 2_000, results: [...SOUND.results, torn, beside], lines };
    const waiting = ["torn", "beside"].map((requestId) => ({ ...SOUND.unbilled[0]!, requestId }));
    const unbilled = [...SOUND.unbilled, ...waiting];
    const faulty = { ...facts, unbilled, isFaulty: true, ledger: { spent: 1_950, held: 0 } };
    expect(balance({ ...faulty, reconciled: { spent: 1_020, held: 0 } }, RATES).broken).toEqual([]);
    expect(balance({ ...faulty, reconciled: { spent: 1_021, held: 0 } }, RATES).broken).toEqual([
      expect.stringMatching(/^1 µ\$ are between ledger and bill after/),
    ]);
  });

  it.for<[what: string, fault: Partial<StormFacts>, law: RegExp]>([
    ["a refusal with enough left", { last: [refusal(101, 101)] }, /1 refusals were false/],
    ["more left than was refused", { last: [refusal(99, 100)] }, /100 µ\$ were left when 100/],
    ["nobody refused", { results: [], last: [] }, /nobody was refused/],
    ["money beyond the limit", { limit: 873 }, /the ledger is 1 µ\$ beyond the bound/],
    ["money that is still held", { ledger: { spent: 900, held: 1 } }, /1 µ\$ are still held/],
    ["a whole answer at another price", { lines: [line("whole", 501)] }, /have two prices/],
    ["a ledger that knows more", { ledger: { spent: 899, held: 0 } }, /-1 µ\$ between ledger and/],
    ["a call that nobody was told of", { lines: [...SOUND.lines, line("x", 7)] }, /-7 µ\$ between/],
    ["a bill that was not booked", { reconciled: { spent: 900, held: 0 } }, /-20 µ\$ are between/],
    ["a call under way", { openCalls: 1 }, /still open/],
    ["a settlement given up", { lostSettlements: 1 }, /settlements were lost/],
    ["an error", { results: [{ request, ending: "failed", detail: "503" }] }, /1 requests failed/],
    [
      "a broken line",
      { results: [{ request, ending: "broken", detail: "EOF" }] },
      /connections broke/,
    ],
    ["a restart without settlements", kill({ after: { spent: 0, held: 900 } }), /what was settled/],
    ["a restart without holds", kill({ after: { spent: 500, held: 0 } }), /lost holds/],
    ["a restart with more", kill({ after: { spent: 900, held: 900 } }), /found too much/],
    ["a hold without end", kill({ lapsed: { spent: 500, held: 9 } }), /9 µ\$ are held after/],
    ["a kill of nobody", kill({ holds: [] }), /nothing was under way/],
  ])("%s breaks a law", ([, fault, law], { expect }) => {
    expect(balance({ ...SOUND, ...fault }, RATES).broken.join("; ")).toMatch(law);
  });
});
