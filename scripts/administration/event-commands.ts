/** `npm run admin -- events …`: what is kept of a tenant's decisions for the router to learn from. */
import { eventsAnswer, readAnswer } from "./answers.ts";
import { pathOf, tenantIn, type Command } from "./command.ts";
import { textOfEvents } from "./tables.ts";

export const EVENTS: readonly Command[] = [
  {
    noun: "event",
    verb: "show",
    summary: "how many of a tenant's decisions are kept, since when, and where",
    flags: ["tenant"],
    async run({ connection, given }) {
      const json = await connection.ask("GET", `${pathOf("tenants", tenantIn(given))}/events`);
      return { json, text: () => textOfEvents(readAnswer(eventsAnswer, json)) };
    },
  },
  {
    noun: "event",
    verb: "erase",
    summary: "forgets all of them, files included",
    flags: ["tenant"],
    async run({ connection, given }) {
      const tenant = tenantIn(given);
      const json = await connection.ask("DELETE", `${pathOf("tenants", tenant)}/events`);
      return { json, text: () => `What was decided for ${tenant} is forgotten.` };
    },
  },
];
