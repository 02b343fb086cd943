// The settings of a run as the YAML that made it.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { CopyButton } from "@/components/CopyButton";
import { ErrorNote } from "@/components/ErrorNote";
import { configQuery } from "@/features/runs/queries";
import classes from "@/features/runs/Run.module.css";

export function Config({ id }: { id: string }) {
  const { t } = useTranslation("runs");
  const config = useQuery(configQuery(id));
  if (config.error) return <ErrorNote error={config.error} onRetry={() => void config.refetch()} />;
  return (
    <>
      <div className={classes.tools}>
        <CopyButton value={config.data ?? ""} label={t("config.copy")} />
        <Button component={Link} to={`/runs/new?from=${id}`} variant="default" size="xs">{t("do.again")}</Button>
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a box that scrolls must be reachable by keyboard */}
      <pre className={classes.text} tabIndex={0} aria-label={t("config.title")}>{config.data ?? t("config.reading")}</pre>
    </>
  );
}
