// A screen that broke: what happened, and a way on. After an update the old page's chunks are gone.
import { useTranslation } from "react-i18next";
import { useRouteError } from "react-router";
import { ApiError } from "@/api/errors";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";

const MISSING_CHUNK = /dynamically imported module|module script|preload CSS/i;

function readable(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : "";
  return new ApiError(MISSING_CHUNK.test(message) ? "page_outdated" : "page_broken", message);
}

export function RouteError() {
  const { t } = useTranslation("errors");
  const error = readable(useRouteError());
  return (
    <Page title={t("page_broken.title")}>
      <ErrorNote error={error} onRetry={() => globalThis.location.reload()} />
    </Page>
  );
}
