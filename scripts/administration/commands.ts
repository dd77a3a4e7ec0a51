/** The commands of `npm run admin`, in the order in which its help shows them. */
import { BUDGETS } from "./budget-commands.ts";
import { CACHES } from "./cache-commands.ts";
import type { Command } from "./command.ts";
import { DIRECTORY } from "./directory-commands.ts";
import { EVENTS } from "./event-commands.ts";
import { FEEDBACK } from "./feedback-commands.ts";

export const COMMANDS: readonly Command[] = [
  ...DIRECTORY,
  ...BUDGETS,
  ...CACHES,
  ...FEEDBACK,
  ...EVENTS,
];
