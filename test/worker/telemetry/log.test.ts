/**
 * One event, one line: whatever a field holds, it cannot break the line, pass for the event or grow
 * without end.
 */
import { describe, it } from "vitest";
import { createLog } from "../../../worker/telemetry/log.ts";

describe("createLog", () => {
  it("writes one JSON line per event, from its level upwards", ({ expect }) => {
    const lines: string[] = [];
    const log = createLog("warn", (line) => lines.push(line));
    log.write("debug", "a");
    log.write("info", "b");
    log.write("warn", "c", { count: 2, isNew: true, absent: undefined, text: "two\nlines" });
    log.write("error", "d");
    expect(lines.every((line) => !line.includes("\n"))).toBe(true);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: "warn", event: "c", count: 2, isNew: true, text: "two\nlines" },
      { level: "error", event: "d" },
    ]);
  });

  it("cuts long strings, and keeps its own fields", ({ expect }) => {
    const lines: string[] = [];
    createLog("info", (line) => lines.push(line)).write("info", "real", {
      event: "forged",
      text: "x".repeat(10_000),
    });
    expect(lines[0]!.length).toBeLessThan(600);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: "info", event: "real" });
  });
});
