/** `npm run admin -- cache …`: what tenants' caches have saved, and how they are purged. */
import { cacheAnswer, readAnswer } from "./answers.ts";
import { pathOf, tenantIn, type Command } from "./command.ts";
import { textOfCache } from "./tables.ts";

export const CACHES: readonly Command[] = [
  {
    noun: "cache",
    verb: "show",
    summary: "what a tenant's cache has answered and saved, by day",
    flags: ["tenant"],
    async run({ connection, given }) {
      const json = await connection.ask("GET", `${pathOf("tenants", tenantIn(given))}/cache`);
      return { json, text: () => textOfCache(readAnswer(cacheAnswer, json)) };
    },
  },
  {
    noun: "cache",
    verb: "purge",
    summary: "ends all of its entries, or those that have any of the tags",
    flags: ["tenant", "tag"],
    async run({ connection, given }) {
      const tenant = tenantIn(given);
      const tags = given.tag?.split(",").map((tag) => tag.trim());
      const path = `${pathOf("tenants", tenant)}/cache/purge`;
      const json = await connection.ask("POST", path, tags === undefined ? {} : { tags });
      const what = tags === undefined ? "All" : `What is tagged ${tags.join(" or ")}`;
      return { json, text: () => `${what} of ${tenant}'s cache is given no more, in ten seconds.` };
    },
  },
];
