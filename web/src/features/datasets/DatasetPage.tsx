// One data set: put pictures in, look at them, describe them, train on them. Texts have a page of their own.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { datasetQuery } from "@/api/queries";
import type { Dataset } from "@/api/types";
import { EditableTitle } from "@/components/EditableTitle";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { Waiting } from "@/components/Waiting";
import { formatFacts } from "@/lib/format";
import { useFormat } from "@/lib/useFormat";
import { TextsPage } from "@/features/texts/TextsPage";
import { DatasetActions } from "./DatasetActions";
import classes from "./DatasetPage.module.css";
import { DatasetEditor } from "./editor/DatasetEditor";
import { ProblemsPanel } from "./ProblemsPanel";
import { useAnyRemoved } from "./useAnyRemoved";
import { useRename } from "./useRename";
import { DropArea } from "./upload/DropArea";
import { FolderImport } from "./upload/FolderImport";
import { totalsOf } from "./upload/totals";
import { UploadPanel } from "./upload/UploadPanel";
import { useUploads } from "./upload/useUploads";

export function Component() {
  const { id = "" } = useParams();
  const { t } = useTranslation("datasets");
  const { data, isError, error, refetch } = useQuery(datasetQuery(id));
  if (isError && !data)
    return (
      <Page title={t("title")}>
        <ErrorNote error={error} onRetry={() => void refetch()} />
      </Page>
    );
  if (!data) return <Waiting />;
  return data.kind === "texts" ? <TextsPage key={data.id} dataset={data} /> : <Loaded key={data.id} dataset={data} />;
}

function Loaded({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("datasets");
  const uploads = useUploads(dataset.id);
  const rename = useRename(dataset.id);
  const empty = dataset.images === 0;
  const removed = useAnyRemoved(dataset.id, empty);
  const told = totalsOf(uploads.items).refused.length > 0;
  return (
    <Page
      title={dataset.name}
      wide
      above={<Link to="/datasets">{t("title")}</Link>}
      heading={dataset.mine ? <EditableTitle name={dataset.name} label={t("name")} onSave={rename.mutateAsync} /> : undefined}
      lead={empty ? undefined : <Facts dataset={dataset} />}
      actions={<DatasetActions dataset={dataset} />}
    >
      <div className={classes.stack}>
        {dataset.mine ? (
          <DropArea small={!empty} onFiles={(files) => uploads.queue.add(files)}>
            <FolderImport dataset={dataset.id} queue={uploads.queue} />
          </DropArea>
        ) : null}
        {uploads.items.length ? <UploadPanel {...uploads} /> : null}
        {dataset.problems && !told ? <ProblemsPanel dataset={dataset} /> : null}
      </div>
      {empty && !removed ? null : <DatasetEditor dataset={dataset} />}
    </Page>
  );
}

function Facts({ dataset }: { dataset: Dataset }) {
  const { t } = useTranslation("datasets");
  const { bytes, percent } = useFormat();
  const captioned = t("captioned", { share: percent(dataset.captioned / dataset.images) });
  return formatFacts([t("pictures", { count: dataset.images }), captioned, bytes(dataset.bytes)]);
}
