/**
 * The storm of `npm run storm`, small: ten times as many requests at once as a hard budget pays for, through real
 * workerd, with the ledger in a Durable Object and on a real Redis; and one in which vendors fail.
 */
import { describe, it } from "vitest";
import { stormOn } from "../../scripts/storming/one-host.ts";
import { isRedisLeftOut, WHY_LEFT_OUT } from "../support/node/redis-here.ts";

const SMALL = {
  requests: 150,
  budgetFor: 15,
  concurrency: 150,
  streams: 0.5,
  isKilled: false,
  faults: 0,
  seed: 1,
  report() {},
};

describe("150 requests at once against a budget for 15", () => {
  const hosts = [
    { host: "object", title: "in a Durable Object", isLeftOut: false },
    {
      host: "redis",
      title: `on Redis${WHY_LEFT_OUT}`,
      isLeftOut: isRedisLeftOut,
    },
  ] as const;
  for (const { host, title, isLeftOut } of hosts)
    it.skipIf(isLeftOut)(`break no law with the ledger ${title}`, async ({ expect }) => {
      const { books } = await stormOn(host, SMALL);
      expect(books.broken).toEqual([]);
      expect(books.counts).toMatchObject({ failed: 0, broken: 0 });
      expect(books.counts.answered).toBeGreaterThan(0);
      expect(books.counts.refused).toBeGreaterThan(100);
    });

  it("end with a ledger that is the bill, also where one vendor's call in four fails", async ({
    expect,
  }) => {
    const { books, facts } = await stormOn("object", { ...SMALL, faults: 0.25 });
    expect(books.broken).toEqual([]);
    expect(facts.lines.some(({ ending }) => ending === "fault")).toBe(true);
    expect(facts.reconciled.spent).toBe(books.billed);
  });
});
