// With which base model and how the texts are looked at.
import { Anchor, NumberInput, SegmentedControl, Select, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { PrepareBase } from "@/features/models/PrepareBase";
import type { TrainOn } from "../api";
import { type Seen, USUAL } from "../useSeenWith";
import classes from "./Panel.module.css";

const LEAST = 16;

export function SeenWithForm({ seenWith: { seen, see, bases, base, known }, wide }: { seenWith: Seen; wide?: boolean }) {
  const { t } = useTranslation("texts");
  if (known && base === undefined) {
    return (
      <p className={classes.none}>
        {t("seen.noBase")} <Anchor component={Link} to="/models" inherit>{t("seen.addBase")}</Anchor>
      </p>
    );
  }
  return (
    <div className={classes.seen} data-wide={wide || undefined}>
      <Select
        className={classes.base} size="sm" label={t("seen.base")} allowDeselect={false} value={base?.id ?? null} data={bases.map((model) => ({ value: model.id, label: model.name }))}
        onChange={(id) => see({ base: id })}
      />
      <NumberInput
        className={classes.length} size="sm" label={t("seen.maxLength")} min={LEAST} max={1_048_576} step={128} allowDecimal={false} value={seen.maxLength}
        onChange={(value) => typeof value === "number" && value >= LEAST && see({ maxLength: value })}
        onBlur={(event) => Number(event.currentTarget.value) < LEAST && see({ maxLength: USUAL.maxLength })}
      />
      <div className={classes.learn}>
        <span className={classes.label} id="seen-train-on">{t("seen.trainOn")}</span>
        <SegmentedControl
          size="xs" fullWidth aria-labelledby="seen-train-on" value={seen.trainOn} onChange={(trainOn) => see({ trainOn: trainOn as TrainOn })}
          data={(["answers", "everything"] as const).map((value) => ({ value, label: t(`seen.${value}`) }))}
        />
      </div>
      {wide ? <Textarea size="sm" className={classes.system} label={t("seen.system")} autosize minRows={1} maxRows={5} value={seen.system} onChange={(event) => see({ system: event.currentTarget.value })} /> : null}
      {base ? <div className={classes.prepare}><PrepareBase model={base} /></div> : null}
    </div>
  );
}
