// Makes a wildcard, or gives it new lines.
import { api, take } from "@/api/client";
import type { Wildcard } from "@/features/playground/types";

export const putWildcard = (name: string, lines: string[]): Promise<Wildcard> => take(api.PUT("/api/wildcards/{name}", { params: { path: { name } }, body: { lines } }));
