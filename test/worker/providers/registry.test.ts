/** The registry is data; what must hold of every row is held here. */
import { describe, it } from "vitest";
import { VENDORS } from "../../../worker/providers/registry.ts";

describe("VENDORS", () => {
  it("has one row per vendor, reached by https, with a key of its own", ({ expect }) => {
    expect(new Set(VENDORS.map(({ id }) => id)).size).toBe(VENDORS.length);
    expect(new Set(VENDORS.map(({ keyName }) => keyName)).size).toBe(VENDORS.length);
    for (const { baseUrl, keyName } of VENDORS) {
      expect(baseUrl).toMatch(/^(https:\/\/[^/]+|\{[A-Z_]+_ENDPOINT\})\/.*[^/]$/);
      expect(keyName).toMatch(/^[A-Z_]+_API_(KEY|TOKEN)$/);
    }
  });
});
