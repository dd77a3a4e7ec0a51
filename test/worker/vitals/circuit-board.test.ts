/** The circuits of isolates: which calls have leave, what is told to the others. */
import { describe, it } from "vitest";
import { CircuitBoard, type NoticeExchange } from "../../../worker/vitals/circuit-board.ts";
import {
  merge,
  noticesOf,
  type Notice,
  type OpenCircuits,
} from "../../../worker/vitals/notices.ts";

function isolate(others?: NoticeExchange) {
  let nowMs = 1_000_000;
  const events: Record<string, unknown>[] = [];
  const board = new CircuitBoard({
    clock: { nowMs: () => nowMs },
    random: () => 0,
    others,
    log: (event) => events.push({ ...event }),
  });
  return {
    board,
    events,
    pass: (ms: number) => void (nowMs += ms),
    enter: (endpoint = "openai", model = "openai/small") => {
      const entry = board.enter(endpoint, model);
      if ("closedForMs" in entry) throw new Error(`shut for ${entry.closedForMs} ms`);
      return entry;
    },
    isOpen: (endpoint = "openai", model = "openai/small") =>
      "closedForMs" in board.enter(endpoint, model),
  };
}

/** A list without the Durable Object around it. */
function sharedList() {
  let open: OpenCircuits = new Map();
  const told: Notice[][] = [];
  return {
    told,
    async exchange(notices: readonly Notice[]) {
      told.push([...notices]);
      open = merge(open, notices, 1_000_000);
      return noticesOf(open);
    },
  };
}

describe("the circuits of one isolate", () => {
  it("are one for each key and model", ({ expect }) => {
    const { enter, isOpen } = isolate();
    enter().report({ kind: "failure", retryAfterMs: 5_000 });
    expect(isOpen()).toBe(true);
    expect(isOpen("openai#2")).toBe(false);
    expect(isOpen("openai", "openai/large")).toBe(false);
  });

  it("shut a refused key for all its models, a refused model for itself", ({ expect }) => {
    const { enter, isOpen } = isolate();
    enter("openai").report({ kind: "failure", isRefused: "endpoint" });
    expect(isOpen("openai", "openai/large")).toBe(true);
    enter("openai#2").report({ kind: "failure", isRefused: "model" });
    expect(isOpen("openai#2", "openai/large")).toBe(false);
    expect(isOpen("openai#2")).toBe(true);
  });

  it("let one probe out when the time is over, and the next only after its verdict", ({
    expect,
  }) => {
    const { enter, isOpen, pass, events } = isolate();
    enter().report({ kind: "failure", retryAfterMs: 5_000 });
    pass(5_000);
    const probe = enter();
    expect(isOpen()).toBe(true);
    probe.report({ kind: "abandoned" });
    enter().report({ kind: "success" });
    expect(isOpen()).toBe(false);
    expect(events).toEqual([
      { event: "circuit_opened", circuit: "openai openai/small", open_ms: 5_000 },
      { event: "circuit_closed", circuit: "openai openai/small" },
    ]);
  });

  it("do not take an old call's end for the probe's", ({ expect }) => {
    const { enter, isOpen, pass } = isolate();
    const old = enter();
    enter().report({ kind: "failure", retryAfterMs: 5_000 });
    pass(5_000);
    enter();
    old.report({ kind: "abandoned" });
    expect(isOpen()).toBe(true);
  });

  it("free a refused key's probe when the vendor fails for another reason", ({ expect }) => {
    const { enter, isOpen, pass } = isolate();
    enter().report({ kind: "failure", isRefused: "endpoint" });
    pass(5_000);
    enter().report({ kind: "failure" });
    expect(isOpen()).toBe(false);
  });
});

describe("isolates that meet", () => {
  it("tell transitions and nothing else, and hear of openings and closings", async ({ expect }) => {
    const list = sharedList();
    const [one, two] = [isolate(list), isolate(list)];
    one.enter().report({ kind: "success" });
    one.enter().report({ kind: "failure" });
    one.enter().report({ kind: "failure", retryAfterMs: 60_000 });
    await one.board.exchange();
    await two.board.exchange();
    expect(list.told).toEqual([
      [{ kind: "circuit", circuit: "openai openai/small", openUntilMs: 1_060_000 }],
      [],
    ]);
    expect(two.isOpen()).toBe(true);
    one.pass(60_000);
    one.enter().report({ kind: "success" });
    await one.board.exchange();
    two.pass(5_000);
    await two.board.exchange();
    expect(list.told.at(-1)).toEqual([]); // What was heard is no news.
    two.enter().report({ kind: "success" });
    expect(two.isOpen()).toBe(false);
  });

  it("ask seldom, and tell soon", async ({ expect }) => {
    const list = sharedList();
    const { board, enter, pass } = isolate(list);
    await board.exchange();
    pass(4_999);
    await board.exchange();
    expect(list.told).toHaveLength(1);
    enter().report({ kind: "failure", retryAfterMs: 60_000 });
    await board.exchange();
    expect(list.told).toHaveLength(2);
  });

  it("keep their news until somebody hears them", async ({ expect }) => {
    const told: number[] = [];
    const { board, enter, pass, events, isOpen } = isolate({
      async exchange(notices) {
        told.push(notices.length);
        if (told.length === 1) throw new Error("overloaded");
        return "no list";
      },
    });
    enter().report({ kind: "failure", retryAfterMs: 60_000 });
    await board.exchange();
    expect(events.at(-1)).toEqual({ event: "vitals_unreachable", reason: "overloaded" });
    pass(1_000);
    await board.exchange();
    pass(5_000);
    await board.exchange();
    expect(told).toEqual([1, 1, 0]);
    expect(isOpen()).toBe(true);
  });
});
