// All runs: what trains, what waits, what came of the others.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Page } from "@/components/Page";
import { QueueSection } from "@/features/queue/QueueSection";
import { History } from "@/features/runs/list/History";

export function Component() {
  const { t } = useTranslation("runs");
  return (
    <Page
      title={t("title")}
      lead={t("list.lead")}
      actions={<Button component={Link} to="/runs/new" leftSection={<IconPlus size={16} />}>{t("list.new")}</Button>}
    >
      <QueueSection />
      <History />
    </Page>
  );
}
