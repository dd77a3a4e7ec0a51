/**
 * Whether wrangler can keep its local storage in a folder, found out before wrangler is asked.
 *
 * wrangler makes the folder with Node's recursive mkdir, which never returns where a parent is there and yet
 * refuses the child as missing, as /proc does. So the missing parts are made one by one.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Makes `folder`, an absolute path, where it is missing. Rejects, naming it, where nothing can be written to it. */
export async function makeWritable(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    await rmdir(await mkdtemp(join(folder, "writable-")));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${folder} cannot be written: ${why}`, { cause });
  }
}

async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder);
}
