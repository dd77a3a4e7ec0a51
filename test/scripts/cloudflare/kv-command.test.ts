/** wrangler's arguments for KV, and what it says of keys that are not there. */
import { describe, it } from "vitest";
import {
  getArguments,
  listArguments,
  putFileArguments,
  saysMissing,
} from "../../../scripts/cloudflare/kv-command.ts";

describe("arguments", () => {
  it("name the key, the place and the namespace", ({ expect }) => {
    const local = { place: "local", persistTo: "/state" } as const;
    const remote = { place: "remote", namespaceId: "n" } as const;
    expect(putFileArguments("k", "/f", local).join(" ")).toBe(
      "kv key put k --path /f --local --binding WEIGHTS --persist-to /state",
    );
    expect(getArguments("k", remote).join(" ")).toBe("kv key get k --remote --namespace-id n");
    expect(listArguments("k", remote).join(" ")).toBe(
      "kv key list --prefix k --remote --namespace-id n",
    );
  });
});

describe("saysMissing", () => {
  it("knows a missing key, locally and remotely, from a failure", ({ expect }) => {
    expect(saysMissing("Value not found\n")).toBe(true);
    expect(saysMissing("wrangler kv key get failed.\nkey not found [code: 10009]")).toBe(true);
    expect(saysMissing("Authentication error [code: 10000]")).toBe(false);
    expect(saysMissing("namespace not found [code: 10013]")).toBe(false);
    expect(saysMissing("{}")).toBe(false);
  });
});
