/**
 * Which limit ends an operation, and with what reason. Time moves by hand, and the timers left over are
 * counted, since a deadline must not outlive its operation.
 */
import { describe, it } from "vitest";
import { Deadline, DeadlineError } from "../../../worker/lib/deadline.ts";
import { manualTimers } from "../fixture/timers.ts";

describe("Deadline", () => {
  it("aborts with the phase that took too long", ({ expect }) => {
    const timers = manualTimers();
    const deadline = new Deadline({ timer: timers.timer });
    deadline.enter("connect", 10);
    timers.advance(9);
    deadline.enter("idle", 10);
    timers.advance(9);
    expect(deadline.signal.aborted).toBe(false);
    timers.advance(1);
    expect(deadline.signal.reason).toMatchObject({ phase: "idle", limitMs: 10 });
  });

  it("lets nothing run beyond the total, however many phases there are", ({ expect }) => {
    const timers = manualTimers();
    const deadline = new Deadline({ timer: timers.timer });
    deadline.limitTotal(25);
    for (let i = 0; i < 3; i++) {
      deadline.enter("idle", 10);
      timers.advance(9);
    }
    expect(deadline.signal.reason).toMatchObject({ phase: "total" });
  });

  it("does not count the time between phases", ({ expect }) => {
    const timers = manualTimers();
    const deadline = new Deadline({ timer: timers.timer });
    deadline.enter("idle", 10);
    deadline.leave();
    timers.advance(1_000);
    expect(deadline.signal.aborted).toBe(false);
  });

  it("follows its parent at once, with the parent's reason", ({ expect }) => {
    const early = new Deadline({ parent: AbortSignal.abort("gone") });
    expect(early.signal.reason).toBe("gone");
    const parent = new AbortController();
    const late = new Deadline({ parent: parent.signal });
    parent.abort("gone");
    expect(late.signal.reason).toBe("gone");
  });

  it("leaves no timer behind, and no longer follows its parent, once it is closed", ({
    expect,
  }) => {
    const timers = manualTimers();
    const parent = new AbortController();
    const deadline = new Deadline({ parent: parent.signal, timer: timers.timer });
    deadline.limitTotal(10);
    deadline.enter("idle", 10);
    expect(timers.pending).toBe(2);
    deadline.close();
    expect(timers.pending).toBe(0);
    parent.abort();
    expect(deadline.signal.aborted).toBe(false);
  });

  it("races work against the signal", async ({ expect }) => {
    const timers = manualTimers();
    const deadline = new Deadline({ timer: timers.timer });
    expect(await deadline.race(Promise.resolve(7))).toBe(7);
    deadline.enter("idle", 10);
    const hanging = deadline.race(new Promise(() => {}));
    timers.advance(10);
    await expect(hanging).rejects.toThrow(DeadlineError);
    await expect(deadline.race(new Promise(() => {}))).rejects.toThrow(DeadlineError);
    expect(timers.pending).toBe(0);
  });
});
