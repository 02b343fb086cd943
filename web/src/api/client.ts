// The typed client of the API. `take(api.GET(...))` gives the data or throws an ApiError.
import createClient, { type Middleware } from "openapi-fetch";
import { ApiError, readError } from "@/api/errors";
import type { paths } from "@/api/schema";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
let csrf = "";

/** The token that state changing requests carry; the session query sets it. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** The header for requests that do not go through the client (uploads). */
export function csrfHeaders(): Record<string, string> {
  return csrf ? { "X-CSRF-Token": csrf } : {};
}

const middleware: Middleware = {
  onRequest({ request }) {
    if (csrf && !SAFE.has(request.method)) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw readError(await response.json().catch(() => null), response.status);
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    return new ApiError("offline", error instanceof Error ? error.message : "");
  },
};

export const api = createClient<paths>({ baseUrl: globalThis.location.origin, credentials: "same-origin" });
api.use(middleware);

/** The data of a reply, for queries and mutations. */
export async function take<T>(reply: Promise<{ data?: T }>): Promise<T> {
  return (await reply).data as T;
}
