/** Every form in which vendors say how long to wait, as a table with a fixed clock; nonsense says nothing. */
import { describe, it } from "vitest";
import { readRetryAfterMs } from "../../../worker/lib/retry-after.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("readRetryAfterMs", () => {
  it.for<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "1.5" }, 1_500],
    [{ "retry-after-ms": "250", "retry-after": "1" }, 250],
    [{ "retry-after-ms": "soon", "retry-after": "1" }, 1_000],
    [{ "retry-after": "Sat, 21 Nov 2026 12:00:07 GMT" }, 7_000],
    [{ "retry-after": "Sat, 21 Nov 2026 11:59:00 GMT" }, 0],
    [{ "retry-after": "999999" }, 3_600_000],
    [{ "retry-after": "-1" }, undefined],
    [{ "retry-after": "2026" }, 2_026_000],
    [{ "retry-after": "2026-11-21" }, undefined],
    [{ "retry-after": "Sat, nonsense" }, undefined],
  ])("reads %j as %s ms", ([headers, expected], { expect }) => {
    expect(readRetryAfterMs(new Headers(headers), NOW)).toBe(expected);
  });
});
