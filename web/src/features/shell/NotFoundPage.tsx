// No screen has this address.
import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { EmptyState } from "@/components/EmptyState";

export function Component() {
  const { t } = useTranslation("shell");
  return (
    <EmptyState
      title={t("notFound.title")}
      action={
        <Button component={Link} to="/">
          {t("notFound.action")}
        </Button>
      }
    >
      {t("notFound.text")}
    </EmptyState>
  );
}
