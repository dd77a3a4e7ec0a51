/** Operators' paths, and what answers at each. They stand behind middleware/access.ts; http/app.ts sees to it. */
import type { Handlers } from "../../context.ts";
import { cacheOf, purgeCache } from "./cache.ts";
import { eraseEvents, eventsOf } from "./events.ts";
import { eraseFeedback, listFeedback } from "./feedback.ts";
import { changeKey, createKey, keysOf, readKey, revokeKey, rotateKey } from "./keys.ts";
import { budgetOf, settleByBill, unbilled } from "./ledger.ts";
import {
  listOrganisations,
  putOrganisation,
  readOrganisation,
  removeOrganisation,
} from "./organisations.ts";
import {
  changeTenant,
  createTenant,
  listTenants,
  putTenant,
  readTenant,
  removeTenant,
} from "./tenants.ts";

export const ADMIN_PATHS: readonly (readonly [path: string, handlers: Handlers])[] = [
  ["/admin/organisations", { GET: listOrganisations }],
  [
    "/admin/organisations/:id",
    { GET: readOrganisation, PUT: putOrganisation, DELETE: removeOrganisation },
  ],
  ["/admin/organisations/:id/unbilled", { GET: unbilled }],
  ["/admin/organisations/:id/settlements", { POST: settleByBill }],
  ["/admin/tenants", { GET: listTenants, POST: createTenant }],
  [
    "/admin/tenants/:id",
    { GET: readTenant, PUT: putTenant, PATCH: changeTenant, DELETE: removeTenant },
  ],
  ["/admin/tenants/:id/budget", { GET: budgetOf }],
  ["/admin/tenants/:id/cache", { GET: cacheOf }],
  ["/admin/tenants/:id/cache/purge", { POST: purgeCache }],
  ["/admin/tenants/:id/events", { GET: eventsOf, DELETE: eraseEvents }],
  ["/admin/tenants/:id/feedback", { GET: listFeedback, DELETE: eraseFeedback }],
  ["/admin/tenants/:id/keys", { GET: keysOf, POST: createKey }],
  ["/admin/keys/:id", { GET: readKey, PATCH: changeKey }],
  ["/admin/keys/:id/rotate", { POST: rotateKey }],
  ["/admin/keys/:id/revoke", { POST: revokeKey }],
];
