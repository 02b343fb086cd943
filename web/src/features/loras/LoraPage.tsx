// One LoRA: how far it is, how it looks, how to call it, how to take it along and to give it to people.
import { Anchor, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { kindOf } from "@/api/kinds";
import type { Lora } from "@/api/types";
import { announce } from "@/components/announce";
import { ConfirmButton } from "@/components/ConfirmButton";
import { EditableTitle } from "@/components/EditableTitle";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { Flow } from "@/features/loras/Flow";
import { PictureLora } from "@/features/loras/PictureLora";
import { TextLora } from "@/features/loras/TextLora";
import { loraQuery, useChange, useDelete } from "@/features/loras/queries";
import { PublishSection } from "@/features/publish/PublishSection";

export function Component() {
  const { id = "" } = useParams();
  const { t } = useTranslation("loras");
  const lora = useQuery(loraQuery(id));
  if (lora.data !== undefined) return <Screen key={id} lora={lora.data} />;
  return (
    <Page title={t("title")} above={<Anchor component={Link} to="/loras" inherit>{t("title")}</Anchor>}>
      {lora.error ? <ErrorNote error={lora.error} onRetry={() => void lora.refetch()} /> : <Skeleton height={520} />}
    </Page>
  );
}

function Screen({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  const navigate = useNavigate();
  const remove = useDelete(lora.id);
  const change = useChange(lora.id);
  return (
    <Page
      title={lora.name}
      above={<Anchor component={Link} to="/loras" inherit>{t("title")}</Anchor>}
      heading={<EditableTitle name={lora.name} label={t("name")} onSave={(name) => change.mutateAsync({ name })} />}
      actions={
        <ConfirmButton
          question={t("deleteQuestion", { name: lora.name })} consequence={t(lora.run ? "deleteConsequence" : "deleteElsewhere")}
          onConfirm={async () => {
            await remove.mutateAsync();
            announce(t("deleted"));
            void navigate("/loras");
          }}
        >
          {t("delete")}
        </ConfirmButton>
      }
    >
      <Flow lora={lora} />
      {kindOf(lora.family) === "texts" ? <TextLora lora={lora} /> : <PictureLora lora={lora} />}
      <PublishSection lora={lora} />
    </Page>
  );
}
