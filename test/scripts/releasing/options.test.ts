/** Options of the commands that write to KV. */
import { describe, it } from "vitest";
import { readShares, readTarget } from "../../../scripts/releasing/options.ts";

describe("readTarget", () => {
  it("is one place, with an absolute folder", ({ expect }) => {
    const local = { local: true, remote: false };
    expect(readTarget({ ...local, "persist-to": "/a/../b", "namespace-id": "n" })).toEqual({
      place: "local",
      persistTo: "/b",
      namespaceId: "n",
    });
    expect(readTarget({ local: false, remote: true }).place).toBe("remote");
    for (const both of [true, false])
      expect(() => readTarget({ local: both, remote: both })).toThrow(/either --local or --remote/);
  });
});

describe("readShares", () => {
  it("reads one share for all and some for tenants", ({ expect }) => {
    expect(readShares("--trial", { share: "0.1", tenants: ["bank=0", "shop=1"] })).toEqual({
      share: 0.1,
      tenants: { bank: 0, shop: 1 },
    });
    expect(readShares("--share", { share: undefined, tenants: [] })).toEqual({});
  });

  it.for([
    [{ share: "1.1", tenants: [] }, /--trial "1.1" must be a share/],
    [{ share: "", tenants: [] }, /--trial "" must be a number/],
    [{ share: "0.1", tenants: ["bank"] }, /--tenant "bank" must be TENANT=SHARE/],
    [{ share: "0.1", tenants: ["Bank=1"] }, /must be TENANT=SHARE/],
    [{ share: "0.1", tenants: ["bank=2"] }, /--tenant "2" must be a share/],
  ] as const)("refuses %j", ([given, reason], { expect }) => {
    expect(() => readShares("--trial", given)).toThrow(reason);
  });
});
