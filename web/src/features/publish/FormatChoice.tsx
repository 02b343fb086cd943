// Which programs it is written for, where there is a choice.
import { useTranslation } from "react-i18next";
import { type Format } from "@/features/publish/draft";
import classes from "@/features/publish/Publish.module.css";

interface FormatChoiceProps {
  possible: readonly Format[];
  chosen: readonly Format[];
  onChange: (formats: Format[]) => void;
}

export function FormatChoice({ possible, chosen, onChange }: FormatChoiceProps) {
  const { t } = useTranslation("publish");
  if (possible.length === 0) return null;
  const flip = (format: Format, on: boolean) => onChange(possible.filter((one) => (one === format ? on : chosen.includes(one))));
  return (
    <fieldset className={classes.formats}>
      <legend>{t("format.legend")}</legend>
      <p className={classes.help}>{t("format.help")}</p>
      {possible.map((format) => (
        <label key={format}>
          <input type="checkbox" checked={chosen.includes(format)} onChange={(event) => flip(format, event.currentTarget.checked)} />
          <span>
            {t(`format.${format}.name`)} <small>{t(`format.${format}.text`)}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
