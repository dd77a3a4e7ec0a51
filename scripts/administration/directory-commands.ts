/**
 * `npm run admin -- organisation …`, `tenant …` and `key …`: the directory of who calls and who pays.
 *
 * A change is sent as what was given and nothing else, but for lists of defaults that the API replaces as a
 * whole: those are read first, so that what is not named stays.
 */
import {
  issuedAnswer,
  keyAnswer,
  organisationAnswer,
  readAnswer,
  readList,
  tenantAnswer,
} from "./answers.ts";
import { pathOf, tenantIn, type Command, type Outcome } from "./command.ts";
import type { Connection } from "./connection.ts";
import { fieldsOf, newFieldsOf, OF_TENANTS, readGrace, TERMS, type Given } from "./flags.ts";
import {
  textOfKey,
  textOfKeys,
  textOfOrganisation,
  textOfOrganisations,
  textOfTenant,
  textOfTenants,
} from "./tables.ts";

const ORGANISATIONS: readonly Command[] = [
  {
    noun: "organisation",
    verb: "list",
    summary: "who pays",
    flags: [],
    async run({ connection }) {
      const json = await connection.ask("GET", "/admin/organisations");
      return { json, text: () => textOfOrganisations(readList(organisationAnswer, json)) };
    },
  },
  {
    noun: "organisation",
    verb: "show",
    operand: "ID",
    summary: "one of them",
    flags: [],
    run: ({ connection, id }) => organisation(connection.ask("GET", pathOf("organisations", id))),
  },
  {
    noun: "organisation",
    verb: "set",
    operand: "ID",
    summary: "makes it, or changes what is given",
    flags: ["name", "budget"],
    async run({ connection, id, given }) {
      const fields = newFieldsOf(given);
      const all = readList(organisationAnswer, await connection.ask("GET", "/admin/organisations"));
      const old = all.find((entry) => entry.id === id);
      const body = { ...old, ...fields };
      return organisation(connection.ask("PUT", pathOf("organisations", id), body));
    },
  },
  {
    noun: "organisation",
    verb: "remove",
    operand: "ID",
    summary: "ends one that pays for nobody",
    flags: [],
    run: ({ connection, id }) => removed(connection, pathOf("organisations", id)),
  },
];

const TENANTS: readonly Command[] = [
  {
    noun: "tenant",
    verb: "list",
    summary: "whom keys belong to",
    flags: [],
    async run({ connection }) {
      const json = await connection.ask("GET", "/admin/tenants");
      return { json, text: () => textOfTenants(readList(tenantAnswer, json)) };
    },
  },
  {
    noun: "tenant",
    verb: "create",
    operand: "ID",
    summary: "makes one",
    flags: ["organisation", ...TERMS, ...OF_TENANTS],
    run: ({ connection, id, given }) =>
      tenant(connection.ask("POST", "/admin/tenants", { id, ...newFieldsOf(given) })),
  },
  {
    noun: "tenant",
    verb: "show",
    operand: "ID",
    summary: "one of them",
    flags: [],
    run: ({ connection, id }) => tenant(connection.ask("GET", pathOf("tenants", id))),
  },
  {
    noun: "tenant",
    verb: "change",
    operand: "ID",
    summary: "changes what is given",
    flags: ["organisation", ...TERMS, "enable", "disable", ...OF_TENANTS, "not-private", "now"],
    async run({ connection, id, given }) {
      if (given.now && !given.disable) throw new Error("--now goes with --disable.");
      const path = pathOf("tenants", id);
      const fields = await changesOf(given, async () =>
        readAnswer(tenantAnswer, await connection.ask("GET", path)),
      );
      const now = given.now ? { now: true } : {};
      return tenant(connection.ask("PATCH", path, { ...fields, ...now }));
    },
  },
  {
    noun: "tenant",
    verb: "remove",
    operand: "ID",
    summary: "ends one with all of its keys",
    flags: ["now"],
    run: ({ connection, id, given }) =>
      removed(connection, `${pathOf("tenants", id)}${given.now ? "?now=true" : ""}`),
  },
];

const KEYS: readonly Command[] = [
  {
    noun: "key",
    verb: "list",
    summary: "a tenant's keys",
    flags: ["tenant"],
    async run({ connection, given }) {
      const json = await connection.ask("GET", `${pathOf("tenants", tenantIn(given))}/keys`);
      return { json, text: () => textOfKeys(readList(keyAnswer, json)) };
    },
  },
  {
    noun: "key",
    verb: "create",
    summary: "makes a key and shows its secret, this once",
    flags: ["tenant", ...TERMS, "scopes", "expires", "quiet"],
    run: ({ connection, given }) =>
      issued(
        connection.ask("POST", `${pathOf("tenants", tenantIn(given))}/keys`, newFieldsOf(given)),
      ),
  },
  {
    noun: "key",
    verb: "show",
    operand: "KEY",
    summary: "one of them, without its secret",
    flags: [],
    run: ({ connection, id }) => key(connection.ask("GET", pathOf("keys", id))),
  },
  {
    noun: "key",
    verb: "change",
    operand: "KEY",
    summary: "changes what is given",
    flags: [...TERMS, "scopes", "expires"],
    async run({ connection, id, given }) {
      const path = pathOf("keys", id);
      const fields = await changesOf(given, async () =>
        readAnswer(keyAnswer, await connection.ask("GET", path)),
      );
      return key(connection.ask("PATCH", path, fields));
    },
  },
  {
    noun: "key",
    verb: "rotate",
    operand: "KEY",
    summary: "a new secret under the same id, shown this once",
    flags: ["grace", "quiet"],
    run({ connection, id, given }) {
      const graceS = readGrace(given.grace);
      const body = graceS === undefined ? {} : { grace_s: graceS };
      return issued(connection.ask("POST", `${pathOf("keys", id)}/rotate`, body));
    },
  },
  {
    noun: "key",
    verb: "revoke",
    operand: "KEY",
    summary: "ends it for good",
    flags: ["now"],
    run: ({ connection, id, given }) =>
      key(connection.ask("POST", `${pathOf("keys", id)}/revoke`, { now: given.now === true })),
  },
];

export const DIRECTORY: readonly Command[] = [...ORGANISATIONS, ...TENANTS, ...KEYS];

/** What a PATCH says. @param read What is there already; asked only where a part of it must stay. */
async function changesOf(
  given: Given,
  read: () => Promise<{ policy: object }>,
): Promise<Record<string, unknown>> {
  const fields = fieldsOf(given);
  if (Object.keys(fields).length === 0)
    throw new Error("there is nothing to change; --help lists what can be");
  if (fields["policy"] === undefined) return fields;
  return fieldsOf(given, { ...(await read()).policy });
}

async function organisation(asked: Promise<unknown>): Promise<Outcome> {
  const json = await asked;
  return { json, text: () => textOfOrganisation(readAnswer(organisationAnswer, json)) };
}

async function tenant(asked: Promise<unknown>): Promise<Outcome> {
  const json = await asked;
  return { json, text: () => textOfTenant(readAnswer(tenantAnswer, json)) };
}

async function key(asked: Promise<unknown>): Promise<Outcome> {
  const json = await asked;
  return { json, text: () => textOfKey(readAnswer(keyAnswer, json)) };
}

async function issued(asked: Promise<unknown>): Promise<Outcome> {
  const json = await asked;
  const { secret, ...record } = readAnswer(issuedAnswer, json);
  const text = `${secret}\n\nThis is shown once: only a hash of it is kept.\n\n${textOfKey(record)}`;
  return { json, secret, text: () => text };
}

async function removed(connection: Connection, path: string): Promise<Outcome> {
  return { json: await connection.ask("DELETE", path), text: () => "Removed." };
}
