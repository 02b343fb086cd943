// How the mock answers: a status and a body, lists in pages, errors in the one shape.
export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}

export type Reply = [status: number, body?: unknown];

export const fail = (status: number, code: string, message: string): Reply => [status, { error: { code, message, hint: "", problems: [] } }];

export const page = <T>(items: T[], query?: URLSearchParams): Reply => {
  const start = Number(query?.get("cursor") ?? 0);
  const end = start + Number(query?.get("limit") ?? 50);
  return [200, { items: items.slice(start, end), next: end < items.length ? String(end) : null }];
};
