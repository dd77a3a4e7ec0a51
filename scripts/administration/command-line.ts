/**
 * From the words of a command line to the command that they mean. Nouns may stand in the plural, and a noun alone
 * lists; what is not understood is refused with the words that would have been.
 */
import { parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { FLAGS, type FlagName, type Given } from "./flags.ts";

const COMMON: readonly FlagName[] = ["url", "json", "help"];

/** Other words for a verb. */
const VERBS: Readonly<Record<string, string>> = {
  ls: "list",
  get: "show",
  add: "create",
  new: "create",
  update: "change",
  delete: "remove",
  rm: "remove",
};

export type Line =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "run"; readonly command: Command; readonly id: string; readonly given: Given };

/** Throws an Error that says what was not understood. */
export function readLine(args: readonly string[]): Line {
  const { values: given, positionals } = parse(args);
  const [noun, verb, id, ...rest] = positionals;
  if (noun === undefined || noun === "help") return { kind: "help", text: HELP };
  const command = find(noun, verb, given.help === true);
  if (Array.isArray(command)) return { kind: "help", text: helpOfNoun(command) };
  if (given.help) return { kind: "help", text: helpOf(command) };
  const words = `${command.noun} ${command.verb}`;
  const extra = command.operand === undefined ? id : rest[0];
  if (extra !== undefined)
    throw new Error(`${words}: ${JSON.stringify(extra)} is one word too many; ${hintOf(command)}`);
  if (command.operand !== undefined && (id === undefined || id === ""))
    throw new Error(`${words}: say which, as in "${usageOf(command)}"`);
  const foreign = Object.keys(given).find(
    (flag) => ![...command.flags, ...COMMON].some((name) => name === flag),
  );
  if (foreign !== undefined)
    throw new Error(`--${foreign} is no flag of ${words}; ${hintOf(command)}`);
  return { kind: "run", command, id: id ?? "", given };
}

function parse(args: readonly string[]): { values: Given; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
  } catch (error) {
    // Node's further sentences are about words that begin with a dash.
    const [first = ""] = error instanceof Error ? error.message.split(/\.\s/) : [];
    const message = `${first.replace(/\.$/, "")}; "npm run admin -- --help" lists the commands`;
    throw new Error(message, { cause: error });
  }
}

/** The command, or all of a noun's where only the noun's help is asked for. */
function find(noun: string, verb: string | undefined, isHelp: boolean): Command | Command[] {
  const singular = nounOf(noun);
  const commands = COMMANDS.filter((command) => command.noun === singular);
  if (commands.length === 0)
    throw new Error(
      `${JSON.stringify(noun)} is no command; there are organisations, tenants, keys, budget, cache, feedback and events`,
    );
  if (verb === undefined) return isHelp ? commands : commands.find(isDefault)!;
  const meant = VERBS[verb] ?? verb;
  const command = commands.find((entry) => entry.verb === meant);
  if (command !== undefined) return command;
  const verbs = commands.map((entry) => entry.verb).join(", ");
  throw new Error(`${singular} ${JSON.stringify(verb)} is no command; there are ${verbs}`);
}

function nounOf(word: string): string {
  const singular = word.replace(/s$/, "");
  return ["organization", "org"].includes(singular) ? "organisation" : singular;
}

function isDefault({ noun, verb }: Command): boolean {
  return verb === (["budget", "cache", "event"].includes(noun) ? "show" : "list");
}

function hintOf(command: Command): string {
  return `"${command.noun} ${command.verb} --help" shows what it takes`;
}

function usageOf({ noun, verb, operand }: Command): string {
  return [noun, verb, ...(operand === undefined ? [] : [operand])].join(" ");
}

function linesOf(commands: readonly Command[]): string {
  return commands.map((command) => `  ${usageOf(command).padEnd(26)}${command.summary}`).join("\n");
}

function flagLines(names: readonly FlagName[]): string {
  return names
    .map((name) => {
      const { help, ...flag } = FLAGS[name];
      const usage = "value" in flag ? `--${name} ${flag.value}` : `--${name}`;
      return `  ${usage.padEnd(21)}${help}`;
    })
    .join("\n");
}

function helpOf(command: Command): string {
  return `npm run admin -- ${usageOf(command)}: ${command.summary}\n\n${flagLines([...command.flags, ...COMMON])}`;
}

function helpOfNoun(commands: readonly Command[]): string {
  return `npm run admin -- …\n\n${linesOf(commands)}\n\nEach has --help.`;
}

const HELP = `Organisations, tenants, keys, budgets, caches, feedback and events of a deployment.

  npm run admin -- COMMAND [flags]

${linesOf(COMMANDS)}

A noun alone, such as "tenants", lists. Each command has --help. Flags of all:

${flagLines(COMMON)}

The operators' secret is read from the environment: SLUICE_ADMIN_KEY, or a service token of Cloudflare
Access as CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET. In a pipe, "npm run --silent admin -- …".

  npm run admin -- organisation set acme --budget month:500
  npm run admin -- tenant create shop --organisation acme --budget month:100 --limit requests:60/60s
  npm run admin -- key create --tenant shop --name ci --expires 30d --scopes inference,models

Exits with 1 where the deployment refuses or does not answer, with 2 where the call itself is wrong.`;
