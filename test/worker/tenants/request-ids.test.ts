/** Sealed ids: an id is its tenant's and nobody else's, whatever is done to it. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { requestIdsUnder } from "../../../worker/tenants/request-ids.ts";

const MINTED = "req_0123456789abcdef0123456789abcdef";
const ids = requestIdsUnder("a-secret-of-the-deployment");

describe("a sealed id", () => {
  it("begins with what was minted, and is safe in headers and paths", async ({ expect }) => {
    const id = await ids.seal(MINTED, "shop");
    expect(id).toMatch(new RegExp(`^${MINTED}[0-9a-f]{16}$`));
    expect(await ids.seal(MINTED, "shop")).toBe(id);
  });

  it("is its tenant's, and no other's", async ({ expect }) => {
    const id = await ids.seal(MINTED, "shop");
    expect(await ids.isOf(id, "shop")).toBe(true);
    expect(await ids.isOf(id, "shop2")).toBe(false);
    expect(await requestIdsUnder("another-secret").isOf(id, "shop")).toBe(false);
    expect(await requestIdsUnder(undefined).isOf(id, "shop")).toBe(false);
  });

  it("is nobody's once a character of it is another", async ({ expect }) => {
    const id = await ids.seal(MINTED, "shop");
    const character = fc.constantFrom("0", "7", "a", "f", "g", "z", "_", " ", "é");
    await fc.assert(
      fc.asyncProperty(fc.nat(id.length - 1), character, async (at, other) => {
        fc.pre(id[at] !== other);
        expect(await ids.isOf(id.slice(0, at) + other + id.slice(at + 1), "shop")).toBe(false);
      }),
    );
  });

  it.for(["", MINTED, "req_", "0".repeat(16), "\n", `${MINTED}${"0".repeat(16)}`])(
    "is not %j",
    async (id, { expect }) => {
      expect(await ids.isOf(id, "shop")).toBe(false);
    },
  );

  it("cannot be moved to a tenant whose name and id read the same together", async ({ expect }) => {
    const id = await ids.seal("b req_1", "a");
    expect(await ids.isOf(`req_1${id.slice(-16)}`, "a b")).toBe(false);
  });
});
