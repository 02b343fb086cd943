// Why the run stopped, and the way to change what made it stop.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError } from "@/api/errors";
import type { Run } from "@/api/types";
import { ErrorNote } from "@/components/ErrorNote";
import classes from "@/features/runs/Run.module.css";

export function Broken({ id, error }: { id: string; error: NonNullable<Run["error"]> }) {
  const { t } = useTranslation("runs");
  return (
    <div className={classes.broken}>
      <ErrorNote error={new ApiError(error.code, error.message, 0, error.hint)} />
      <Button component={Link} to={`/runs/new?from=${id}`} variant="default">{t("do.change")}</Button>
    </div>
  );
}
