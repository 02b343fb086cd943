// A data set of texts: bring them in, look at them, write in them, train on them.
import { Button } from "@mantine/core";
import { IconClipboardText, IconPencilPlus, IconSparkles } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Dataset } from "@/api/types";
import { EditableTitle } from "@/components/EditableTitle";
import { Page } from "@/components/Page";
import { DatasetActions } from "@/features/datasets/DatasetActions";
import classes from "@/features/datasets/DatasetPage.module.css";
import { ProblemsPanel } from "@/features/datasets/ProblemsPanel";
import { useRename } from "@/features/datasets/useRename";
import { DropArea } from "@/features/datasets/upload/DropArea";
import { totalsOf } from "@/features/datasets/upload/totals";
import { UploadPanel } from "@/features/datasets/upload/UploadPanel";
import { useUploads } from "@/features/datasets/upload/useUploads";
import { formatFacts } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";
import { EMPTY } from "./shape";
import { type Dialog, TextsEditor } from "./TextsEditor";
import { NEW, unsavedOf } from "./unsaved";

export function TextsPage({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation(["texts", "datasets"]);
  const { bytes } = useFormat();
  const uploads = useUploads(dataset.id);
  const rename = useRename(dataset.id);
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const empty = dataset.examples + dataset.drafts === 0;
  const told = totalsOf(uploads.items).refused.length > 0;
  const write = () => {
    const store = unsavedOf(dataset.id);
    if (!(NEW in store.get())) store.put(NEW, { writing: EMPTY, base: null, version: 0 });
  };
  return (
    <Page
      title={dataset.name}
      wide
      above={<Link to="/datasets">{t("datasets:title")}</Link>}
      heading={dataset.mine ? <EditableTitle name={dataset.name} label={t("datasets:name")} onSave={rename.mutateAsync} /> : undefined}
      lead={empty ? undefined : formatFacts([t("examples", { count: dataset.examples }), ...(dataset.drafts ? [t("drafts", { count: dataset.drafts })] : []), bytes(dataset.bytes)])}
      actions={<DatasetActions dataset={dataset} />}
    >
      <div className={classes.stack}>
        {dataset.mine ? (
          <DropArea kind="texts" small={!empty} onFiles={(files) => uploads.queue.add(files)}>
            <Button variant={empty ? "filled" : "default"} size="sm" leftSection={<IconClipboardText size={16} aria-hidden="true" />} onClick={() => setDialog("paste")}>{t("add.paste")}</Button>
            <Button variant="default" size="sm" leftSection={<IconPencilPlus size={16} aria-hidden="true" />} onClick={write}>{t("add.write")}</Button>
            <Button variant="default" size="sm" leftSection={<IconSparkles size={16} aria-hidden="true" />} onClick={() => setDialog("draft")}>{t("add.draft")}</Button>
          </DropArea>
        ) : null}
        {uploads.items.length ? <UploadPanel kind="texts" {...uploads} /> : null}
        {dataset.problems && !told ? <ProblemsPanel dataset={dataset} /> : null}
      </div>
      <TextsEditor dataset={dataset} dialog={dialog} onDialog={setDialog} />
    </Page>
  );
}
