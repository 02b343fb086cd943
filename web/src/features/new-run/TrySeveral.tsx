// Instead of one run several, of which each tries another value; the dialog is fetched when it is wanted.
import { Anchor } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Nested } from "@/features/new-run/form/nested";

const SweepDialog = lazy(() => import("@/features/experiments/sweep/SweepDialog"));

export function TrySeveral({ asked, labels, ready }: { asked: { config: Nested; dataset: string | null }; labels: readonly string[]; ready: boolean }) {
  const { t } = useTranslation("newRun");
  const [open, setOpen] = useState(false);
  return (
    <>
      <Anchor component="button" type="button" size="sm" disabled={!ready} onClick={() => setOpen(true)}>{t("sweep")}</Anchor>
      {open && <Suspense fallback={null}><SweepDialog asked={asked} labels={labels} onClose={() => setOpen(false)} /></Suspense>}
    </>
  );
}
