// A base that has to be converted before its first use: what that is, how long it takes, and the button.
import { Button, Loader } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "@/api/client";
import { ApiError } from "@/api/errors";
import { keys, modelsQuery } from "@/api/queries";
import type { Model } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "./PrepareBase.module.css";

export function PrepareBase({ model }: { model: Model }) {
  const { t } = useTranslation("models");
  const client = useQueryClient();
  // while it is converted it is asked about now and then; who else shows it gets the answer too
  const { data } = useQuery({ ...modelsQuery, refetchInterval: (query) => (query.state.data?.items.some((one) => one.state === "preparing") ? 1500 : false) });
  const now = data?.items.find((one) => one.id === model.id) ?? model;
  const { state } = now;
  const before = useRef(state);
  useEffect(() => {
    // whatever said that the base was not ready is asked again
    if (before.current !== "ready" && state === "ready") void client.invalidateQueries();
    before.current = state;
  }, [client, state]);
  const start = useMutation({
    mutationFn: () => take(api.POST("/api/models/{model_id}/prepare", { params: { path: { model_id: model.id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.models }),
  });
  if (state !== "not_prepared" && state !== "preparing") return null;
  return (
    <div className={classes.prepare} role="status">
      {state === "preparing" ? (
        <p><Loader size="xs" /> {t("prepare.working", { name: model.name })}</p>
      ) : (
        <>
          <p>{t("prepare.text", { name: model.name })}</p>
          <Button size="compact-sm" variant="default" loading={start.isPending} onClick={() => start.mutate()}>{t("prepare.action")}</Button>
        </>
      )}
      {now.error && state === "not_prepared" && <ErrorNote error={new ApiError(now.error.code, now.error.message, 0, now.error.hint)} small />}
      {start.isError && <ErrorNote error={start.error} small onRetry={() => start.mutate()} />}
    </div>
  );
}
