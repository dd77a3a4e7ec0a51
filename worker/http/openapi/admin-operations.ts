/** The operators' routes, as `/openapi.json` shows them. */
import { z } from "zod";
import { organisationSchema, tenantSchema } from "../../domain/tenant.ts";
import {
  keyBodySchema,
  keyPatchSchema,
  billSchema,
  newTenantSchema,
  organisationBodySchema,
  revocationSchema,
  rotationSchema,
  tenantBodySchema,
  tenantPatchSchema,
} from "../wire/admin-bodies.ts";
import {
  issuedKeySchema,
  keyListSchema,
  keySchema,
  unbilledListSchema,
  organisationListSchema,
  removedSchema,
  settlementSchema,
  tenantListSchema,
} from "../wire/admin-views.ts";
import { budgetViewSchema } from "../wire/budget-view.ts";
import { cacheViewSchema, purgeBodySchema, purgeViewSchema } from "../wire/cache-view.ts";
import { FEEDBACK_QUERY, feedbackErasureSchema, feedbackListSchema } from "../wire/feedback.ts";
import { LEARNING_OPERATIONS } from "./learning-operations.ts";
import type { Named, Operation } from "./operation.ts";

const ORGANISATION: Named = { name: "Organisation", schema: organisationSchema };
const TENANT: Named = { name: "Tenant", schema: tenantSchema };
const KEY: Named = { name: "Key", schema: keySchema };
const ISSUED_KEY: Named = { name: "IssuedKey", schema: issuedKeySchema };
const REMOVED: Named = { name: "Removed", schema: removedSchema };

/** What of an operation is the same for all that operators do. */
type AdminOperation = Omit<Operation, "isAdmin">;

const OF_ORGANISATIONS: readonly AdminOperation[] = [
  {
    method: "get",
    path: "/admin/organisations",
    id: "listOrganisations",
    summary: "Who pays",
    answer: { name: "OrganisationList", schema: organisationListSchema },
  },
  {
    method: "get",
    path: "/admin/organisations/{id}",
    id: "readOrganisation",
    summary: "One of them",
    canMiss: true,
    answer: ORGANISATION,
  },
  {
    method: "put",
    path: "/admin/organisations/{id}",
    id: "putOrganisation",
    summary: "Makes or replaces one",
    canMiss: true,
    body: { name: "OrganisationBody", schema: organisationBodySchema },
    answer: ORGANISATION,
  },
  {
    method: "delete",
    path: "/admin/organisations/{id}",
    id: "removeOrganisation",
    summary: "Removes one that pays for nobody",
    canMiss: true,
    canConflict: true,
    answer: REMOVED,
  },
];

const OF_LEDGERS: readonly AdminOperation[] = [
  {
    method: "get",
    path: "/admin/tenants/{id}/budget",
    id: "readTenantBudget",
    summary: "Where the budgets and limits of a tenant, its organisation and its keys stand",
    canMiss: true,
    isOfBudgets: true,
    answer: { name: "Budget", schema: budgetViewSchema },
  },
  {
    method: "get",
    path: "/admin/organisations/{id}/unbilled",
    id: "listUnbilled",
    summary:
      "Requests that were cut or lost: what is booked for them is an estimate, or their hold",
    description:
      "A tenant that belongs to none is an organisation of its own. One that is gone is listed while something waits.",
    canMiss: true,
    isOfBudgets: true,
    answer: { name: "UnbilledList", schema: unbilledListSchema },
  },
  {
    method: "post",
    path: "/admin/organisations/{id}/settlements",
    id: "settleByBill",
    summary: "Puts a vendor's bill in the place of what is booked for such a request",
    canMiss: true,
    isOfBudgets: true,
    body: { name: "Bill", schema: billSchema },
    answer: { name: "Settlement", schema: settlementSchema },
  },
];

const OF_TENANTS: readonly AdminOperation[] = [
  {
    method: "get",
    path: "/admin/tenants",
    id: "listTenants",
    summary: "Whom keys belong to",
    answer: { name: "TenantList", schema: tenantListSchema },
  },
  {
    method: "post",
    path: "/admin/tenants",
    id: "createTenant",
    summary: "Makes one that is not there yet",
    canConflict: true,
    body: { name: "NewTenant", schema: newTenantSchema },
    answer: TENANT,
  },
  {
    method: "get",
    path: "/admin/tenants/{id}",
    id: "readTenant",
    summary: "One of them",
    canMiss: true,
    answer: TENANT,
  },
  {
    method: "put",
    path: "/admin/tenants/{id}",
    id: "putTenant",
    summary: "Makes or replaces one",
    canMiss: true,
    body: { name: "TenantBody", schema: tenantBodySchema },
    answer: TENANT,
  },
  {
    method: "patch",
    path: "/admin/tenants/{id}",
    id: "changeTenant",
    summary: "Replaces the fields that are given",
    description: "null puts a field back to what it is when nobody says anything.",
    canMiss: true,
    canConflict: true,
    body: { name: "TenantPatch", schema: tenantPatchSchema },
    answer: TENANT,
  },
  {
    method: "delete",
    path: "/admin/tenants/{id}",
    id: "removeTenant",
    summary: "Removes one with all of its keys, its feedback, its cache and its events",
    isOfStore: true,
    canMiss: true,
    query: {
      now: {
        schema: z.boolean().default(false),
        description: "Also for isolates that have just checked one of its keys",
      },
    },
    answer: REMOVED,
  },
];

const OF_FEEDBACK: readonly AdminOperation[] = [
  {
    method: "get",
    path: "/admin/tenants/{id}/feedback",
    id: "listFeedback",
    summary: "What a tenant has said of its answers, in the order in which it was said last",
    isOfStore: true,
    canMiss: true,
    query: FEEDBACK_QUERY,
    answer: { name: "FeedbackList", schema: feedbackListSchema },
  },
  {
    method: "delete",
    path: "/admin/tenants/{id}/feedback",
    id: "eraseFeedback",
    summary: "Forgets all of it",
    isOfStore: true,
    canMiss: true,
    answer: { name: "FeedbackErasure", schema: feedbackErasureSchema },
  },
];

const OF_CACHES: readonly AdminOperation[] = [
  {
    method: "get",
    path: "/admin/tenants/{id}/cache",
    id: "readCache",
    summary: "What a tenant's cache has answered and saved, by day",
    isOfStore: true,
    canMiss: true,
    answer: { name: "Cache", schema: cacheViewSchema },
  },
  {
    method: "post",
    path: "/admin/tenants/{id}/cache/purge",
    id: "purgeCache",
    summary: "Ends all of its entries, or those that have any of the tags, within ten seconds",
    isOfStore: true,
    canMiss: true,
    body: { name: "CachePurgeBody", schema: purgeBodySchema },
    answer: { name: "CachePurge", schema: purgeViewSchema },
  },
];

const OF_KEYS: readonly AdminOperation[] = [
  {
    method: "get",
    path: "/admin/tenants/{id}/keys",
    id: "listKeys",
    summary: "A tenant's keys, revoked ones too",
    canMiss: true,
    answer: { name: "KeyList", schema: keyListSchema },
  },
  {
    method: "post",
    path: "/admin/tenants/{id}/keys",
    id: "createKey",
    summary: "Makes a key and shows its secret, this once",
    canMiss: true,
    body: { name: "KeyBody", schema: keyBodySchema },
    answer: ISSUED_KEY,
  },
  {
    method: "get",
    path: "/admin/keys/{id}",
    id: "readKey",
    summary: "One key, without its secret",
    canMiss: true,
    answer: KEY,
  },
  {
    method: "patch",
    path: "/admin/keys/{id}",
    id: "changeKey",
    summary: "Replaces the fields that are given",
    description: "null puts a field back to what it is when nobody says anything.",
    canMiss: true,
    canConflict: true,
    body: { name: "KeyPatch", schema: keyPatchSchema },
    answer: KEY,
  },
  {
    method: "post",
    path: "/admin/keys/{id}/rotate",
    id: "rotateKey",
    summary: "A new secret under the same id, shown this once",
    canMiss: true,
    canConflict: true,
    body: { name: "Rotation", schema: rotationSchema },
    answer: ISSUED_KEY,
  },
  {
    method: "post",
    path: "/admin/keys/{id}/revoke",
    id: "revokeKey",
    summary: "Ends a key for good, within a minute or, with now, at once",
    canMiss: true,
    body: { name: "Revocation", schema: revocationSchema },
    answer: KEY,
  },
];

export const ADMIN_OPERATIONS: readonly Operation[] = [
  ...OF_ORGANISATIONS,
  ...OF_TENANTS,
  ...OF_KEYS,
  ...OF_LEDGERS,
  ...OF_CACHES,
  ...OF_FEEDBACK,
  ...LEARNING_OPERATIONS,
].map((operation) => ({ ...operation, isAdmin: true }));
