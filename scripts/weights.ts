/**
 * `npm run weights`: what becomes of released routers once they are published. It shows the rollout, widens, promotes
 * and ends a trial, goes back to what served before, pins tenants, makes signing keys, and checks all of it as an
 * isolate would.
 *
 * Each change is one new rollout, one serial higher (releasing/changes.ts), and isolates follow it by themselves.
 */
import { parseArgs } from "node:util";
import { openRelease, unpackRelease } from "../router-models/release.ts";
import { openRollout, readPublicKey, signersIn, type Rollout } from "../router-models/rollout.ts";
import { idSchema } from "../worker/domain/tenant.ts";
import type { KvTarget } from "./cloudflare/kv-command.ts";
import { wranglerKv, type KvStore } from "./cloudflare/kv-store.ts";
import { namesIn, pinned, promoted, repeated, rolledBack, unpinned } from "./releasing/changes.ts";
import { described, labelOf } from "./releasing/described.ts";
import { findRelease } from "./releasing/find-release.ts";
import {
  expectStorage,
  followingOf,
  readAuthority,
  readShares,
  readTarget,
  STORAGE_HELP,
  STORAGE_OPTIONS,
} from "./releasing/options.ts";
import { requireGolden } from "./releasing/publish-release.ts";
import {
  readBlob,
  readPresent,
  readRolloutText,
  writeRollout,
} from "./releasing/rollout-storage.ts";
import { KEY_VARIABLE, makeKey } from "./releasing/signing-keys.ts";

const HELP = `Shows and changes which released routers serve.

  npm run weights -- COMMAND --local | --remote [options]

  list                 the rollout: what serves, what is on trial, who is pinned
  promote              the candidate on trial serves; with --share or --tenant it stays on trial, for these shares
  rollback             ends the trial; where there is none, what served before serves again
  pin TENANT RELEASE   all of the tenant's requests go to that release: version, version@sha256 or id
  unpin TENANT
  sign                 the same once more, signed with the keys given
  keygen --out FILE    makes a signing key, and prints what the worker's WEIGHTS_PUBLIC_KEYS wants
  verify               checks signature, releases and golden vectors, as an isolate would

  --share SHARE        of the requests, 0 to 1
  --tenant NAME=SHARE  another share of a tenant's requests, 0 for none; may be given again
  --keys KEYS          for verify: the public keys to trust, commas between; else the variable WEIGHTS_PUBLIC_KEYS
${STORAGE_HELP}
  --json               one JSON object on stdout instead of text
  --help               this text`;

const OPTIONS = {
  ...STORAGE_OPTIONS,
  share: { type: "string" },
  keys: { type: "string" },
  out: { type: "string" },
} as const;

function readCommand() {
  return parseArgs({ options: OPTIONS, allowPositionals: true });
}
type Values = ReturnType<typeof readCommand>["values"];

/** The next rollout. */
type Change = (rollout: Rollout, given: Given & { nowMs: number }) => Rollout | Promise<Rollout>;

interface Given {
  /** What stands behind the command. */
  readonly words: readonly string[];
  readonly values: Values;
  readonly kv: KvStore;
  readonly target: KvTarget;
}

interface Command {
  readonly words: number;
  readonly run: (given: Given) => Promise<void>;
}

const COMMANDS = new Map<string, Command>([
  ["list", { words: 0, run: showPresent }],
  ["verify", { words: 0, run: verify }],
  ["promote", changing(0, promote)],
  ["rollback", changing(0, (rollout, { nowMs }) => rolledBack(rollout, nowMs))],
  ["pin", changing(2, pin)],
  ["sign", changing(0, (rollout, { nowMs }) => repeated(rollout, nowMs))],
  ["unpin", changing(1, (rollout, { words, nowMs }) => unpinned(rollout, words[0]!, nowMs))],
]);

async function main(): Promise<void> {
  const { values, positionals } = readCommand();
  const [name = "", ...words] = positionals;
  if (values.help) return console.log(HELP);
  if (name === "keygen") return keygen(values);
  const command = COMMANDS.get(name);
  if (command === undefined)
    throw new Error(`There is no command ${JSON.stringify(name)}. --help lists them.`);
  if (words.length !== command.words)
    throw new Error(
      `${name} takes ${command.words} words, not ${words.length}. --help says which.`,
    );
  const target = readTarget(values);
  await expectStorage(target);
  await command.run({ words, values, target, kv: wranglerKv(target) });
}

function changing(words: number, change: Change): Command {
  return { words, run: (given) => apply(change, given) };
}

async function apply(change: Change, given: Given): Promise<void> {
  const { values, target, kv } = given;
  const authority = await readAuthority(values, process.env[KEY_VARIABLE]);
  const before = await readPresent(authority, kv);
  if (before.rollout === undefined) throw new Error(NOTHING);
  const rollout = await change(before.rollout, { ...given, nowMs: Date.now() });
  const text = await writeRollout({ before, rollout }, authority, kv);
  show(rollout, { values, keys: signersIn(text) });
  console.error(followingOf(target));
}

function promote(
  rollout: Rollout,
  { values: { share, tenant }, nowMs }: { values: Values; nowMs: number },
): Rollout {
  return promoted(rollout, readShares("--share", { share, tenants: tenant }), nowMs);
}

async function pin(
  rollout: Rollout,
  { words, kv, nowMs }: { words: readonly string[]; kv: KvStore; nowMs: number },
): Promise<Rollout> {
  const [tenant = "", wanted = ""] = words;
  if (!idSchema.safeParse(tenant).success)
    throw new Error(`${JSON.stringify(tenant)} is no tenant's name.`);
  const release = await findRelease(wanted, rollout, kv);
  return pinned(rollout, { tenant, release }, nowMs);
}

const NOTHING = "Nothing is published yet, or it is no rollout; `npm run publish` begins one.";

async function showPresent({ values, kv }: Given): Promise<void> {
  const text = await readRolloutText(kv);
  if (text === undefined) throw new Error(NOTHING);
  show(await openRollout(text, []), { values, keys: signersIn(text) });
}

function show(
  rollout: Rollout,
  { values, keys }: { values: Pick<Values, "json">; keys: readonly string[] },
): void {
  console.log(values.json ? JSON.stringify({ rollout, signedBy: keys }) : described(rollout, keys));
}

async function keygen({ out, json }: Values): Promise<void> {
  if (out === undefined) throw new Error("Say where the private key goes: --out FILE.");
  const key = await makeKey(out);
  if (json) return console.log(JSON.stringify(key));
  console.log(`${key.publicKey}
is the public key ${key.keyId}. \`npx wrangler secret put WEIGHTS_PUBLIC_KEYS\` has workers follow nothing
that is not signed by it. Sign what serves first: \`npm run weights -- sign --sign ${out} --adopt\`.`);
}

/** Says of all that an isolate would check whether it holds. Ends with status 1 where something does not. */
async function verify({ values, kv }: Given): Promise<void> {
  const trusted = publicKeysIn(values.keys ?? process.env["WEIGHTS_PUBLIC_KEYS"] ?? "");
  const text = await readRolloutText(kv);
  if (text === undefined) throw new Error(NOTHING);
  const rollout = await openRollout(text, trusted);
  const releases: { weights: string; roles: string[]; fault: string | null }[] = [];
  for (const { release, roles } of namesIn(rollout)) {
    const fault = await faultOf(release.id, kv);
    releases.push({ weights: labelOf(release), roles, fault: fault ?? null });
  }
  if (releases.some(({ fault }) => fault !== null)) process.exitCode = 1;
  const { serial } = rollout;
  const isTrusted = trusted.length > 0;
  if (values.json) return console.log(JSON.stringify({ serial, isTrusted, releases }));
  const lines = releases.map(
    ({ weights, roles, fault }) => `${weights}  ${fault ?? "sound"}  (${roles.join(", ")})`,
  );
  const whose = isTrusted ? "signed by a key that is trusted" : "no key was given to hold it to";
  console.log([`rollout ${serial}: ${whose}`, ...lines].join("\n"));
}

async function faultOf(id: string, kv: KvStore): Promise<string | undefined> {
  try {
    const blob = await readBlob(id, kv);
    if (blob === undefined) return "it is missing";
    await requireGolden(await openRelease(unpackRelease(blob), id));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function publicKeysIn(list: string): Uint8Array<ArrayBuffer>[] {
  const texts = list.split(",").filter((text) => text !== "");
  return texts.map((text) => {
    const key = readPublicKey(text);
    if (key === undefined)
      throw new Error("--keys must be public keys as `weights -- keygen` prints them.");
    return key;
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
