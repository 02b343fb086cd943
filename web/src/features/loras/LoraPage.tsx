// One LoRA: how it looks, how to call it, how to take it along.
import { Anchor, Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { kindOf } from "@/api/kinds";
import type { Lora } from "@/api/types";
import { announce } from "@/components/announce";
import { ConfirmButton } from "@/components/ConfirmButton";
import { CopyButton } from "@/components/CopyButton";
import { EditableTitle } from "@/components/EditableTitle";
import { ErrorNote } from "@/components/ErrorNote";
import { Page } from "@/components/Page";
import { Picture } from "@/components/Picture";
import { Downloads } from "@/features/loras/Downloads";
import { LoraFacts } from "@/features/loras/LoraFacts";
import classes from "@/features/loras/Loras.module.css";
import { TextLora } from "@/features/loras/TextLora";
import { loraQuery, useChange, useDelete } from "@/features/loras/queries";

export function Component() {
  const { id = "" } = useParams();
  const { t } = useTranslation("loras");
  const lora = useQuery(loraQuery(id));
  if (lora.data !== undefined) return <Screen lora={lora.data} />;
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
  const actions = (
    <>
      {lora.run && <Button component={Link} to={`/runs/${lora.run}`} variant="default">{t("openRun")}</Button>}
      <ConfirmButton
        question={t("deleteQuestion", { name: lora.name })} consequence={t("deleteConsequence")}
        onConfirm={async () => {
          await remove.mutateAsync();
          announce(t("deleted"));
          void navigate("/loras");
        }}
      >
        {t("delete")}
      </ConfirmButton>
    </>
  );
  return (
    <Page
      title={lora.name}
      above={<Anchor component={Link} to="/loras" inherit>{t("title")}</Anchor>}
      heading={<EditableTitle name={lora.name} label={t("name")} onSave={(name) => change.mutateAsync({ name })} />}
      actions={actions}
    >
      {kindOf(lora.family) === "texts" ? <TextLora lora={lora} /> : <PictureLora lora={lora} />}
    </Page>
  );
}

function PictureLora({ lora }: { lora: Lora }) {
  const { t } = useTranslation("loras");
  return (
    <div className={classes.lora}>
      <div>
        {lora.preview ? <Picture src={lora.preview} alt={lora.name} fit="contain" eager /> : <div className={classes.noPreview}>{t("noPreview")}</div>}
      </div>
      <div className={classes.sections}>
        <section aria-labelledby="trigger">
          <h2 id="trigger">{t("trigger")}</h2>
          {lora.trigger ? (
            <p className={classes.word}><code>{lora.trigger}</code> <CopyButton value={lora.trigger} /></p>
          ) : (
            <p className={classes.soft}>{t("noTrigger")}</p>
          )}
        </section>
        <section aria-labelledby="use">
          <h2 id="use">{t("use")}</h2>
          <p className={classes.soft}>{t("useHelp")}</p>
          <Downloads lora={lora} />
        </section>
        <section aria-labelledby="facts">
          <h2 id="facts">{t("facts")}</h2>
          <LoraFacts lora={lora} />
        </section>
      </div>
    </div>
  );
}
