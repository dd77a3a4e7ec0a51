/** Which store a deployment's ledgers are in. */
import { env } from "cloudflare:test";
import { describe, it, onTestFinished, vi } from "vitest";
import { ledgersIn } from "../../../worker/budget/ledgers.ts";
import { account } from "../../contract/ledger-contract.ts";

describe("a deployment's ledgers", () => {
  it("are Durable Objects, one for each organisation", async ({ expect }) => {
    const ledgers = ledgersIn({ objects: env.LEDGER, redis: undefined })!;
    const money = account("m");
    const draws = [{ account: money, amount: 5 }];
    await ledgers("ledgers-1").settle({ id: "a", draws, nowMs: 0 });
    expect(await ledgers("ledgers-1").read([money])).toMatchObject([{ spent: 5 }]);
    expect(await ledgers("ledgers-2").read([money])).toMatchObject([{ spent: 0 }]);
  });

  it("are in Redis where that is configured, which is told nothing but the command", async ({
    expect,
  }) => {
    const calls: Request[] = [];
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      calls.push(new Request(url, init));
      return Response.json({ result: ["7", "3"] });
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const ledgers = ledgersIn({
      objects: env.LEDGER,
      redis: { url: "https://r.test", token: "t" },
    })!;
    expect(await ledgers("o").read([account("m")])).toEqual([{ name: "m", spent: 7, held: 3 }]);
    expect(calls.map(({ url }) => url)).toEqual(["https://r.test/"]);
    expect(calls[0]!.headers.get("authorization")).toBe("Bearer t");
    expect([...calls[0]!.headers.keys()].filter((name) => name.includes("telemetry"))).toEqual([]);
  });

  it("are none where there is no place for them", ({ expect }) => {
    expect(ledgersIn({ objects: undefined, redis: undefined })).toBeUndefined();
  });
});
