// The place itself: which folder of the server, or which name on the hub.
import { Switch, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { sessionQuery } from "@/api/queries";
import type { Place, Targets } from "@/api/types";
import { type Draft, lacksPlace } from "@/features/publish/draft";
import classes from "@/features/publish/Publish.module.css";

interface PlaceFieldsProps {
  draft: Draft;
  targets: Targets;
  /** Whether somebody tried to publish without it. */
  asked: boolean;
  onChange: (some: Partial<Draft>) => void;
}

export function PlaceFields({ draft, targets, asked, onChange }: PlaceFieldsProps) {
  const { t } = useTranslation("publish");
  const { data: session } = useQuery(sessionQuery);
  const anywhere = session?.user?.admin ?? false;
  const missing = asked && lacksPlace(draft);
  if (draft.target === "folder") {
    return (
      <fieldset className={classes.places}>
        <legend>{t("folder.legend")}</legend>
        {targets.places.map((place) => (
          <Folder key={place.path} place={place} on={draft.folder === place.path} onChoose={() => onChange({ folder: place.path })} />
        ))}
        {!anywhere && <p className={classes.help}>{t(targets.places.length > 0 ? "folder.admin" : "folder.none")}</p>}
        <label className={classes.place} hidden={!anywhere}>
          <input type="radio" name="folder" checked={draft.folder === ""} onChange={() => onChange({ folder: "" })} />
          <span>{t("folder.other")}</span>
        </label>
        {anywhere && draft.folder === "" && (
          <TextInput
            required label={t("folder.path")} description={t("folder.pathHelp")} placeholder="/srv/models/Lora" value={draft.other}
            error={missing ? t("folder.missing") : undefined} onChange={(event) => onChange({ other: event.currentTarget.value })}
          />
        )}
      </fieldset>
    );
  }
  if (draft.target !== "hub") return null;
  return (
    <div className={classes.fields}>
      <TextInput
        required label={t("hub.name")} description={t("hub.nameHelp", { user: targets.hub_user, hub: targets.hub.replace(/^https?:\/\//, "") })} placeholder="name/my-lora"
        value={draft.hub} error={missing ? t("hub.missing") : undefined} onChange={(event) => onChange({ hub: event.currentTarget.value })}
      />
      <Switch label={t("hub.private")} description={t("hub.privateHelp")} checked={draft.private} onChange={(event) => onChange({ private: event.currentTarget.checked })} />
    </div>
  );
}

function Folder({ place, on, onChoose }: { place: Place; on: boolean; onChoose: () => void }) {
  const { t } = useTranslation("publish");
  return (
    <label className={classes.place} data-off={!place.writable || undefined}>
      <input type="radio" name="folder" checked={on} disabled={!place.writable} onChange={onChoose} />
      <span>
        {t(`program.${place.program as "webui"}`, { defaultValue: place.program })}
        <code>{place.path}</code>
        {place.writable ? null : <small>{t("folder.notWritable")}</small>}
      </span>
    </label>
  );
}
