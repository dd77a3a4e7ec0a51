/** Slots under any order of starts, ends and retirements: each released once, and never in use. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { Slot, type Releasable } from "../../../worker/inference/slot.ts";

class Session implements Releasable {
  readonly number: number;
  users = 0;
  releases = 0;
  wasReleasedInUse = false;

  constructor(number: number) {
    this.number = number;
  }

  async release(): Promise<void> {
    this.releases++;
    this.wasReleasedInUse ||= this.users > 0;
  }
}

type Step = { kind: "start" } | { kind: "end"; which: number } | { kind: "replace" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.constant<Step>({ kind: "start" }),
    fc.record({ kind: fc.constant("end" as const), which: fc.nat(100) }),
    fc.constant<Step>({ kind: "replace" }),
  ),
  { maxLength: 60 },
);

interface Task {
  readonly session: Session;
  readonly finish: () => void;
  readonly done: Promise<number>;
}

function start(slot: Slot<Session>): Task {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = slot.use(async (used) => {
    used.users++;
    await promise;
    used.users--;
    return used.number;
  });
  return { session: slot.value, finish: resolve, done };
}

describe("Slot", () => {
  it("releases each session once, never in use, and only when retired", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const sessions = [new Session(0)];
        let slot = new Slot<Session>(sessions[0]!, () => {});
        const tasks: Task[] = [];
        for (const step of script) {
          if (step.kind === "start") tasks.push(start(slot));
          else if (step.kind === "end") tasks[step.which % tasks.length]?.finish();
          else {
            slot.retire();
            const next = new Session(sessions.length);
            sessions.push(next);
            slot = new Slot(next, () => {});
          }
        }
        for (const { finish, done, session } of tasks) {
          finish();
          expect(await done).toBe(session.number);
        }
        for (const session of sessions) {
          expect(session.wasReleasedInUse).toBe(false);
          expect(session.releases).toBe(session === slot.value ? 0 : 1);
        }
      }),
    );
  });

  it("lets a failing task go like any other", async ({ expect }) => {
    const session = new Session(0);
    const slot = new Slot<Session>(session, () => {});
    const failed = slot.use(() => Promise.reject(new Error("no answer")));
    slot.retire();
    await expect(failed).rejects.toThrow("no answer");
    expect(session.releases).toBe(1);
  });

  it("tells a failed release to the owner and not to the task", async ({ expect }) => {
    const failures: unknown[] = [];
    const stuck: Releasable = { release: () => Promise.reject(new Error("stuck")) };
    const slot = new Slot(stuck, (error) => failures.push(error));
    const task = slot.use(async () => "answer");
    slot.retire();
    await expect(task).resolves.toBe("answer");
    await Promise.resolve();
    expect(failures).toEqual([new Error("stuck")]);
  });
});
