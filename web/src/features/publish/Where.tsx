// The place of a publication, with what one does there: copy the path, fetch the file, open the page.
import { Anchor, Button } from "@mantine/core";
import { IconDownload, IconExternalLink } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Publication, Targets } from "@/api/types";
import { CopyButton } from "@/components/CopyButton";
import { addressOf, pathOf } from "@/features/publish/draft";
import classes from "@/features/publish/Publish.module.css";

export function Where({ publication, targets, large }: { publication: Publication; targets: Targets | undefined; large?: boolean }) {
  const { t } = useTranslation(["publish", "common"]);
  const { target } = publication;
  if (target === "zip") {
    return (
      <Button
        component="a" href={`/api/publications/${publication.id}/bundle`} download variant={large ? "filled" : "default"} size={large ? "md" : "compact-sm"}
        leftSection={<IconDownload size={16} />} aria-label={t("downloadZip", { version: publication.version })}
      >
        {t("common:action.download")}
      </Button>
    );
  }
  const address = addressOf(publication, targets);
  if (address) {
    return (
      <Anchor href={address} target="_blank" rel="noreferrer" className={classes.where}>
        {target === "gallery" ? t("openGallery") : address.replace(/^https?:\/\//, "")} <IconExternalLink size={14} aria-label={t("newTab")} />
      </Anchor>
    );
  }
  const path = pathOf(publication);
  return (
    <span className={classes.where}>
      <code>{path}</code> <CopyButton value={path} label={t("copyPlace")} />
    </span>
  );
}
