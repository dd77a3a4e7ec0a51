/** GET /metrics: for operators alone, plain text, and a plain no where nobody watches. */
import { describe, it } from "vitest";
import { createService, errorOf } from "../fixture/service.ts";

const ADMIN = "operators-key-1";
const CLIENT = "clients-key-1";
const SCRAPE = { headers: { authorization: `Bearer ${ADMIN}` } };

function open(metrics?: () => Promise<string>) {
  return createService({ apiKey: CLIENT, adminKey: ADMIN, metrics });
}

describe("GET /metrics", () => {
  it("gives operators the text as it is", async ({ expect }) => {
    const answer = await open(async () => "a 1\n").fetch("/metrics", SCRAPE);
    expect([answer.status, await answer.text()]).toEqual([200, "a 1\n"]);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("gives nobody else anything", async ({ expect }) => {
    const service = open(async () => "a 1\n");
    for (const headers of [{}, { authorization: `Bearer ${CLIENT}` }, { "x-api-key": CLIENT }]) {
      const answer = await service.fetch("/metrics", { headers });
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain("a 1");
    }
  });

  it("says where nobody watches", async ({ expect }) => {
    const answer = await open().fetch("/metrics", SCRAPE);
    expect(answer.status).toBe(501);
    expect(await errorOf(answer)).toMatchObject({ code: "not_watched" });
  });

  it("says that the watch cannot be reached, and nothing of why", async ({ expect }) => {
    const answer = await open(() => Promise.reject(new Error("secret"))).fetch("/metrics", SCRAPE);
    expect([answer.status, await errorOf(answer)]).toMatchObject([
      503,
      { code: "watch_unreachable" },
    ]);
  });
});
