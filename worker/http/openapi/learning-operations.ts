/** The operators' routes about what is remembered and watched, as `/openapi.json` shows them. */
import { z } from "zod";
import { eventErasureSchema, eventViewSchema } from "../wire/event-view.ts";
import type { Operation } from "./operation.ts";

export const LEARNING_OPERATIONS: readonly Omit<Operation, "isAdmin">[] = [
  {
    method: "get",
    path: "/admin/tenants/{id}/events",
    id: "readEvents",
    summary: "What is kept of a tenant's decisions for the router to learn from",
    isOfStore: true,
    canMiss: true,
    answer: { name: "Events", schema: eventViewSchema },
  },
  {
    method: "delete",
    path: "/admin/tenants/{id}/events",
    id: "eraseEvents",
    summary: "Forgets all of them, files included",
    isOfStore: true,
    canMiss: true,
    answer: { name: "EventErasure", schema: eventErasureSchema },
  },
  {
    method: "get",
    path: "/metrics",
    id: "readMetrics",
    summary: "What is watched and what was served, in Prometheus's text format",
    isOfStore: true,
    isText: true,
    answer: { name: "Metrics", schema: z.string() },
  },
];
