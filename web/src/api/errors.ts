// The one error the page knows: what the server said, or that it could not be reached.
import type { Problem } from "@/api/types";

export class ApiError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly problems: readonly Problem[];
  readonly status: number;

  constructor(code: string, message: string, status = 0, hint = "", problems: readonly Problem[] = []) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.hint = hint;
    this.problems = problems;
    this.status = status;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Reads the error shape of the API; anything else (a proxy's page, an empty body) becomes `internal`. */
export function readError(body: unknown, status: number): ApiError {
  const error = isRecord(body) && isRecord(body.error) ? body.error : null;
  if (!error) return new ApiError(status === 502 || status === 504 ? "offline" : "internal", "", status);
  const problems = Array.isArray(error.problems) ? (error.problems as Problem[]) : [];
  return new ApiError(text(error.code) || "internal", text(error.message), status, text(error.hint), problems);
}

/** Any thrown thing as an ApiError, so that a screen has one way to show it. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("internal", error instanceof Error ? error.message : String(error));
}
