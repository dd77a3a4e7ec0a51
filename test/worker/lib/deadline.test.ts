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
    const deadline = new Deadline(timers);
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
    const deadline = new Deadline(timers);
    deadline.limitTotal(25);
    for (let i = 0; i < 3; i++) {
      deadline.enter("idle", 10);
      timers.advance(9);
    }
    expect(deadline.signal.reason).toMatchObject({ phase: "total" });
  });

  it("does not count the time between phases", ({ expect }) => {
    const timers = manualTimers();
    const deadline = new Deadline(timers);
    deadline.enter("idle", 10);
    deadline.leave();
    timers.advance(1_000);
    expect(deadline.signal.aborted).toBe(false);
  });

  it("starts no timer for a phase that one before it watches already", ({ expect }) => {
    const timers = manualTimers();
    let started = 0;
    const deadline = new Deadline({
      clock: timers.clock,
      timer: (callback, delayMs) => {
        started += 1;
        return timers.timer(callback, delayMs);
      },
    });
    for (let read = 0; read < 100; read++) {
      deadline.enter("idle", 1_000);
      timers.advance(1);
      deadline.leave();
    }
    expect([started, timers.pending]).toEqual([1, 1]);
    deadline.enter("idle", 1_000);
    timers.advance(999);
    expect(deadline.signal.aborted).toBe(false);
    timers.advance(1);
    expect(deadline.signal.aborted).toBe(true);
    expect([started, timers.pending]).toEqual([2, 0]);
  });

  it("ends a shorter phase in time after a longer one", ({ expect }) => {
    const timers = manualTimers();
    const deadline = new Deadline(timers);
    deadline.enter("connect", 1_000);
    deadline.enter("idle", 10);
    timers.advance(10);
    expect(deadline.signal.reason).toMatchObject({ phase: "idle" });
    expect(timers.pending).toBe(0);
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
    const deadline = new Deadline({ parent: parent.signal, ...timers });
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
    const deadline = new Deadline(timers);
    expect(await deadline.race(Promise.resolve(7))).toBe(7);
    deadline.enter("idle", 10);
    const hanging = deadline.race(new Promise(() => {}));
    timers.advance(10);
    await expect(hanging).rejects.toThrow(DeadlineError);
    await expect(deadline.race(new Promise(() => {}))).rejects.toThrow(DeadlineError);
    expect(timers.pending).toBe(0);
  });
});
