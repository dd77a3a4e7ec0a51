/**
 * Releases and the rollout in KV.
 *
 * What is written is read back and compared. KV has no compare-and-set, so two operators at once are found out as well
 * as that can be: a rollout that changed between the first look and the write is an error, and so is another one in the
 * place of what was just written. Between the two looks of both of them there remains a moment in which the later one
 * wins; its serial is then the earlier one's, and whoever lost is told.
 *
 * To sign a rollout is to vouch for all of it, the parts that somebody else wrote too. So one that is built on another
 * is signed only where one of the same keys has signed that, or where a person says that it is to be adopted.
 */
import { blobKey, POINTER_KEY } from "../../router-models/release.ts";
import {
  openRollout,
  sealRollout,
  signersIn,
  type Rollout,
  type Signer,
} from "../../router-models/rollout.ts";
import type { KvStore } from "../cloudflare/kv-store.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Who signs, and whether what they have not signed may be built on. */
export interface Authority {
  readonly signers: readonly Signer[];
  readonly adopts: boolean;
}

/** The rollout as it was found, and its text, to be given back when the next one is written. */
export interface Present {
  readonly text: string | undefined;
  /** Undefined where there is none, or where what is there is to be replaced as a whole. */
  readonly rollout: Rollout | undefined;
}

/** The text under the rollout's key; undefined where there is none. */
export async function readRolloutText(kv: KvStore): Promise<string | undefined> {
  const bytes = await kv.get(POINTER_KEY);
  return bytes && new TextDecoder().decode(bytes);
}

/** What the next rollout may be built on. Rejects, with the remedy, where that is not for this authority. */
export async function readPresent(authority: Authority, kv: KvStore): Promise<Present> {
  const text = await readRolloutText(kv);
  return { text, rollout: text === undefined ? undefined : await openFor(text, authority) };
}

async function openFor(text: string, { signers, adopts }: Authority): Promise<Rollout | undefined> {
  if (signers.length === 0 && signersIn(text).length > 0)
    throw new Error(
      "The present rollout is signed, so the next one must be: --sign FILE, or SLUICE_SIGNING_KEY.",
    );
  try {
    return await openRollout(text, adopts ? [] : signers.map(({ publicKey }) => publicKey));
  } catch (cause) {
    if (adopts) return undefined;
    throw new Error(
      `${messageOf(cause)}\nNothing was written. \`npm run weights -- list\` shows what is there; with --adopt it is ` +
        "built on all the same, or replaced where it is no rollout.",
      { cause },
    );
  }
}

/**
 * Puts a rollout into the place of the one that was read, and answers its text. Rejects where another one is there,
 * before or after.
 */
export async function writeRollout(
  { before, rollout }: { before: Present; rollout: Rollout },
  { signers }: Authority,
  kv: KvStore,
): Promise<string> {
  const text = await sealRollout(rollout, signers);
  if ((await readRolloutText(kv)) !== before.text)
    throw new Error(
      "Somebody else has changed the rollout meanwhile; nothing was written. Look at it and repeat.",
    );
  await kv.put(POINTER_KEY, new TextEncoder().encode(text));
  const after = await readRolloutText(kv);
  if (after === text) return text;
  if (after === before.text && kv.isEventual) {
    console.error("KV does not show the new rollout yet; it may take a minute.");
    return text;
  }
  throw new Error(
    `Serial ${rollout.serial} was written, and another rollout is there now: somebody else wrote at the same time. ` +
      "Look at it and repeat.",
  );
}

/** Puts a release's blob under its id, and reads it back. */
export async function writeBlob(id: string, blob: Bytes, kv: KvStore): Promise<void> {
  await kv.put(blobKey(id), blob);
  const after = await readBlob(id, kv);
  if (after === undefined && kv.isEventual)
    return console.error(`KV does not show ${blobKey(id)} yet; it may take a minute.`);
  if (after === undefined || Buffer.compare(after, blob) !== 0)
    throw new Error(`${blobKey(id)} is not what was written there. Publish again.`);
}

/** A release's blob; undefined where there is none. */
export function readBlob(id: string, kv: KvStore): Promise<Bytes | undefined> {
  return kv.get(blobKey(id));
}

/** Ids of the releases in KV that begin so; some of them, where they are very many. */
export async function listReleases(prefix: string, kv: KvStore): Promise<string[]> {
  const keys = await kv.list(blobKey(prefix));
  return keys.map((key) => key.slice(blobKey("").length)).filter((id) => ID.test(id));
}

const ID = /^[0-9a-f]{64}$/;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
