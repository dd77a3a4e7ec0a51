/**
 * One shard's entries: rows in SQLite, which are the truth, and a table of their vectors in memory, which answers.
 *
 * A row is written before its vector is in the table, so an instance that ends at any moment leaves nothing behind that
 * the next one does not find. The next one reads the rows in order of insertion, a chunk at a time, and takes in
 * what is inserted or removed meanwhile; until all is read it cannot say what is nearest. Vectors have a table
 * apart from texts, since they are all that is read again.
 *
 * Which entry was used last is known in memory alone: to write it down would cost each lookup a write. An
 * instance that begins anew takes the order of insertion for it.
 */
import type { Neighbour, NeighbourEntry, NearestQuery } from "../../domain/neighbours.ts";
import type { Insertion } from "./messages.ts";
import { VectorTable } from "./vector-table.ts";

/**
 * Entries of a shard. In memory each takes `dims` bytes and at most 100 more, or 420 where it is the only one of its
 * frame: 16 to 55 MB for all of them, so that an isolate of 128 MB has room for more than one object.
 */
export const SHARD_CAPACITY = 100_000;

/** Rows that are read in one go: some three milliseconds. */
const CHUNK_ROWS = 1_000;
/** Expired rows that are deleted in one go. */
const MAX_EXPIRED = 1_000;

const TABLES = `
  CREATE TABLE IF NOT EXISTS vectors (
    at INTEGER PRIMARY KEY AUTOINCREMENT, frame TEXT NOT NULL, expires_ms INTEGER NOT NULL, vector BLOB NOT NULL
  );
  CREATE INDEX IF NOT EXISTS vectors_by_expiry ON vectors (expires_ms);
  CREATE TABLE IF NOT EXISTS prompts (
    at INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL, text TEXT NOT NULL
  );
  CREATE TRIGGER IF NOT EXISTS prompts_go_too AFTER DELETE ON vectors BEGIN
    DELETE FROM prompts WHERE at = OLD.at;
  END;
`;

type VectorRow = { at: number; frame: string; expires_ms: number; vector: ArrayBuffer };

interface Limits {
  readonly capacity?: number;
  readonly chunkRows?: number;
}

export class Shard {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #capacity: number;
  readonly #chunkRows: number;
  /** Undefined until there is a vector. */
  #table: VectorTable | undefined;
  #size: number;
  /** The rows of former instances that are still to be read: those after `after`, through `through`. */
  readonly #unread: { after: number; readonly through: number };

  constructor(
    storage: DurableObjectStorage,
    { capacity = SHARD_CAPACITY, chunkRows = CHUNK_ROWS }: Limits = {},
  ) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#capacity = capacity;
    this.#chunkRows = chunkRows;
    this.#sql.exec(TABLES);
    const { size, through } = this.#sql
      .exec<{ size: number; through: number }>(
        "SELECT count(*) AS size, coalesce(max(at), 0) AS through FROM vectors",
      )
      .one();
    this.#size = size;
    this.#unread = { after: 0, through };
  }

  /** Entries, expired ones that nobody has deleted included. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of the matrix in memory. */
  get matrixBytes(): number {
    return this.#table?.matrixBytes ?? 0;
  }

  /** Whether all rows are in memory. */
  get isRead(): boolean {
    return this.#unread.after >= this.#unread.through;
  }

  /** Reads the next chunk of rows. */
  read(): void {
    const { after, through } = this.#unread;
    if (after >= through) return;
    const rows = this.#sql.exec<VectorRow>(
      "SELECT at, frame, expires_ms, vector FROM vectors WHERE at > ? AND at <= ? ORDER BY at LIMIT ?",
      after,
      through,
      this.#chunkRows,
    );
    let count = 0;
    for (const { at, frame, expires_ms: expiresMs, vector: bytes } of rows) {
      const vector = new Int8Array(bytes);
      this.#tableFor(vector).insert(at, { frame, expiresMs, vector });
      this.#unread.after = at;
      count++;
    }
    if (count < this.#chunkRows) this.#unread.after = through;
  }

  /** Undefined until all rows are read. */
  nearest({ vector, ...search }: NearestQuery): Neighbour[] | undefined {
    if (!this.isRead) return undefined;
    const table = this.#table;
    const found = table?.nearest(vector, search) ?? [];
    return found.map(({ key, similarity }) => {
      table?.use(key);
      return { similarity, ...this.#prompt(key) };
    });
  }

  insert({ isLastResort, ...entry }: Insertion): "kept" | "full" | "refused" {
    const { vector, frame, expiresMs } = entry;
    if (this.#size > 0 && this.#dims() !== vector.length) return "refused";
    const before = this.#find(entry.id);
    const isFull = before === undefined && this.#size >= this.#capacity;
    if (isFull && !isLastResort) return "full";
    const given = before ?? (isFull ? this.#oldest() : undefined);
    const at = this.#storage.transactionSync(() => {
      if (given !== undefined) this.#sql.exec("DELETE FROM vectors WHERE at = ?", given);
      return this.#write(entry);
    });
    if (given !== undefined) this.#forget(given);
    this.#size++;
    this.#tableFor(vector).insert(at, { vector, frame, expiresMs });
    return "kept";
  }

  remove(id: string): void {
    const at = this.#find(id);
    if (at === undefined) return;
    this.#sql.exec("DELETE FROM vectors WHERE at = ?", at);
    this.#forget(at);
  }

  /** Deletes some of what has expired, and answers whether that was all. */
  expire(nowMs: number): boolean {
    const gone = this.#sql
      .exec<{ at: number }>(
        `DELETE FROM vectors WHERE at IN (SELECT at FROM vectors WHERE expires_ms <= ? LIMIT ?)
         RETURNING at`,
        nowMs,
        MAX_EXPIRED,
      )
      .toArray();
    for (const { at } of gone) this.#forget(at);
    return gone.length < MAX_EXPIRED;
  }

  /** When the first entry expires. Milliseconds since 1970. */
  nextExpiryMs(): number | undefined {
    const { next } = this.#sql
      .exec<{ next: number | null }>("SELECT min(expires_ms) AS next FROM vectors")
      .one();
    return next ?? undefined;
  }

  erase(): void {
    this.#sql.exec("DELETE FROM vectors");
    this.#table = undefined;
    this.#size = 0;
    this.#unread.after = this.#unread.through;
  }

  /** The table, which an empty shard's first vector determines. */
  #tableFor({ length }: Int8Array): VectorTable {
    if (this.#table?.dims !== length) this.#table = new VectorTable(length);
    return this.#table;
  }

  #dims(): number | undefined {
    if (this.#table !== undefined && this.#table.size > 0) return this.#table.dims;
    const [row] = this.#sql.exec<{ dims: number }>(
      "SELECT length(vector) AS dims FROM vectors LIMIT 1",
    );
    return row?.dims;
  }

  #write({ id, frame, vector, text, epoch, expiresMs }: NeighbourEntry): number {
    const { at } = this.#sql
      .exec<{ at: number }>(
        "INSERT INTO vectors (frame, expires_ms, vector) VALUES (?, ?, ?) RETURNING at",
        frame,
        expiresMs,
        vector.slice().buffer,
      )
      .one();
    this.#sql.exec(
      "INSERT INTO prompts (at, id, epoch, text) VALUES (?, ?, ?, ?)",
      at,
      id,
      epoch,
      text,
    );
    return at;
  }

  /** Of an entry whose row is gone. */
  #forget(at: number): void {
    this.#table?.remove(at);
    this.#size--;
  }

  #find(id: string): number | undefined {
    const [row] = this.#sql.exec<{ at: number }>("SELECT at FROM prompts WHERE id = ?", id);
    return row?.at;
  }

  /** The entry that was not used for longest, as far as rows are read. */
  #oldest(): number | undefined {
    const [row] = this.#sql.exec<{ at: number }>("SELECT at FROM vectors ORDER BY at LIMIT 1");
    return this.#table?.oldest ?? row?.at;
  }

  #prompt(at: number): { id: string; epoch: number; text: string } {
    return this.#sql
      .exec<{ id: string; epoch: number; text: string }>(
        "SELECT id, epoch, text FROM prompts WHERE at = ?",
        at,
      )
      .one();
  }
}
