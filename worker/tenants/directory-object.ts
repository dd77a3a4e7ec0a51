/**
 * The Durable Object that keeps organisations, tenants and keys. One for the deployment, so whatever it has
 * changed is what it answers next.
 *
 * It moves rows; what becomes of them is directory-state.ts's. Each row is JSON and is read through the schema
 * that it was written by; what is searched for has a column of its own. Secrets never come here, only their
 * hashes: directory.ts makes both.
 */
import { DurableObject } from "cloudflare:workers";
import type { KeyRecord } from "../domain/directory.ts";
import {
  keyTermsSchema,
  organisationSchema,
  tenantSchema,
  type KeyTerms,
  type Organisation,
  type Tenant,
} from "../domain/tenant.ts";
import { systemClock } from "../lib/clock.ts";
import {
  change,
  entryOf,
  issue,
  isSame,
  keyRowSchema,
  recordOf,
  revoke,
  rotate,
  standingOf,
  type KeyEntry,
  type KeyRow,
  type NewKey,
  type SecretMark,
  type Standing,
} from "./directory-state.ts";

/** Each is run once, in order; a new one goes to the end. */
const MIGRATIONS = [
  `CREATE TABLE organisations (id TEXT PRIMARY KEY, value TEXT NOT NULL);
   CREATE TABLE tenants (id TEXT PRIMARY KEY, organisation TEXT, value TEXT NOT NULL);
   CREATE INDEX tenants_of ON tenants (organisation);
   CREATE TABLE keys (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, value TEXT NOT NULL);
   CREATE INDEX keys_of ON keys (tenant);`,
];

type Table = "organisations" | "tenants" | "keys";

export class DirectoryObject extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    state.storage.transactionSync(() => this.#migrate());
  }

  organisations(): Organisation[] {
    return this.#all("organisations").map((value) => organisationSchema.parse(value));
  }

  putOrganisation(organisation: Organisation): void {
    this.#sql.exec(
      `INSERT INTO organisations (id, value) VALUES (?, ?)
       ON CONFLICT (id) DO UPDATE SET value = excluded.value`,
      organisation.id,
      JSON.stringify(organisation),
    );
  }

  removeOrganisation(id: string): "removed" | "unknown" | "in_use" {
    const users = this.#sql.exec("SELECT id FROM tenants WHERE organisation = ? LIMIT 1", id);
    if (users.toArray().length > 0) return "in_use";
    const { rowsWritten } = this.#sql.exec("DELETE FROM organisations WHERE id = ?", id);
    return rowsWritten > 0 ? "removed" : "unknown";
  }

  tenants(): Tenant[] {
    return this.#all("tenants").map((value) => tenantSchema.parse(value));
  }

  tenant(id: string): Tenant | undefined {
    const value = this.#find("tenants", id);
    return value === undefined ? undefined : tenantSchema.parse(value);
  }

  createTenant(tenant: Tenant): "saved" | "exists" | "unknown_organisation" {
    return this.#find("tenants", tenant.id) === undefined ? this.#save(tenant) : "exists";
  }

  putTenant(
    tenant: Tenant,
    expected?: Tenant,
  ): "saved" | "unknown_organisation" | "changed_meanwhile" {
    if (expected !== undefined && !isSame(tenantSchema, this.tenant(tenant.id), expected))
      return "changed_meanwhile";
    return this.#save(tenant);
  }

  #save(tenant: Tenant): "saved" | "unknown_organisation" {
    const { id, organisation } = tenant;
    if (organisation !== undefined && this.#find("organisations", organisation) === undefined)
      return "unknown_organisation";
    this.#sql.exec(
      `INSERT INTO tenants (id, organisation, value) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET organisation = excluded.organisation, value = excluded.value`,
      id,
      organisation ?? null,
      JSON.stringify(tenant),
    );
    return "saved";
  }

  removeTenant(id: string): "removed" | "unknown" {
    if (this.tenant(id) === undefined) return "unknown";
    this.#sql.exec("DELETE FROM keys WHERE tenant = ?", id);
    this.#sql.exec("DELETE FROM tenants WHERE id = ?", id);
    return "removed";
  }

  keys(tenant: string): KeyRecord[] | undefined {
    if (this.tenant(tenant) === undefined) return undefined;
    const rows = this.#sql.exec("SELECT value FROM keys WHERE tenant = ? ORDER BY rowid", tenant);
    return rows.toArray().map(({ value }) => recordOf(keyRowSchema.parse(jsonOf(value))));
  }

  key(id: string): KeyRecord | undefined {
    const row = this.#row(id);
    return row && recordOf(row);
  }

  /** Undefined for an unknown tenant. Throws where the id is taken. */
  createKey(key: NewKey): KeyRecord | undefined {
    if (this.tenant(key.tenant) === undefined) return undefined;
    const row = issue(key, systemClock.nowMs());
    const values = [row.id, row.tenant, JSON.stringify(row)];
    this.#sql.exec("INSERT INTO keys (id, tenant, value) VALUES (?, ?, ?)", ...values);
    return recordOf(row);
  }

  changeKey(
    id: string,
    terms: KeyTerms,
    expected?: KeyTerms,
  ): KeyRecord | "changed_meanwhile" | undefined {
    const current = this.#row(id);
    if (current && expected && !isSame(keyTermsSchema, current.terms, expected))
      return "changed_meanwhile";
    return this.#update(id, (row) => change(row, terms));
  }

  rotateKey(id: string, mark: SecretMark, graceMs: number): KeyRecord | undefined {
    return this.#update(id, (row) => rotate(row, mark, { nowMs: systemClock.nowMs(), graceMs }));
  }

  revokeKey(id: string): KeyRecord | undefined {
    return this.#update(id, (row) => revoke(row, systemClock.nowMs()));
  }

  /** What the check of a key needs, or undefined for an unknown one. */
  lookup(keyId: string): KeyEntry | undefined {
    const row = this.#row(keyId);
    const standing = row && this.standing(row.tenant);
    return row && standing && entryOf(row, standing);
  }

  /** A tenant and who pays for it. */
  standing(tenantId: string): Standing | undefined {
    const tenant = this.tenant(tenantId);
    if (tenant === undefined) return undefined;
    const payer = tenant.organisation && this.#find("organisations", tenant.organisation);
    return standingOf(tenant, payer ? organisationSchema.parse(payer) : undefined);
  }

  hasTenants(): boolean {
    return this.#sql.exec("SELECT id FROM tenants LIMIT 1").toArray().length > 0;
  }

  #row(id: string): KeyRow | undefined {
    const value = this.#find("keys", id);
    return value === undefined ? undefined : keyRowSchema.parse(value);
  }

  #update(id: string, next: (row: KeyRow) => KeyRow | undefined): KeyRecord | undefined {
    const row = this.#row(id);
    const after = row && next(row);
    if (after === undefined) return undefined;
    this.#sql.exec("UPDATE keys SET value = ? WHERE id = ?", JSON.stringify(after), id);
    return recordOf(after);
  }

  #find(table: Table, id: string): unknown {
    const [row] = this.#sql.exec(`SELECT value FROM ${table} WHERE id = ?`, id);
    return row && jsonOf(row["value"]);
  }

  #all(table: Table): unknown[] {
    const rows = this.#sql.exec(`SELECT value FROM ${table} ORDER BY id`);
    return rows.toArray().map(({ value }) => jsonOf(value));
  }

  #migrate(): void {
    this.#sql.exec("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY)");
    const { done } = this.#sql.exec("SELECT count(*) AS done FROM migrations").one();
    for (const migration of MIGRATIONS.slice(Number(done))) {
      this.#sql.exec(migration);
      this.#sql.exec("INSERT INTO migrations DEFAULT VALUES");
    }
  }
}

function jsonOf(value: unknown): unknown {
  return JSON.parse(String(value));
}
