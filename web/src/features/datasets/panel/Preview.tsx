// What an edit would do: the pictures it changes, before and after in one line each.
import { useTranslation } from "react-i18next";
import type { Edited } from "../api";
import { thumbnailOf } from "../thumbnails";
import { FieldDiff } from "../words/FieldDiff";
import classes from "./Panel.module.css";

export function Preview({ done }: { done: Edited }) {
  const { t } = useTranslation("datasets");
  if (!done.count) return <p className={classes.note}>{t("edit.nothing")}</p>;
  return (
    <>
      <p className={classes.note}>{t("edit.would", { count: done.count })}</p>
      <ul className={classes.changes}>
        {done.items.map(({ id, name, before, after }) => (
          <li key={id}>
            <img src={thumbnailOf(id)} alt="" loading="lazy" width={40} height={40} />
            <span className={classes.words}>
              <span className={classes.file}>{name}</span>
              <FieldDiff before={before} after={after} />
            </span>
          </li>
        ))}
      </ul>
      {done.count > done.items.length ? <p className={classes.note}>{t("edit.more", { count: done.count - done.items.length })}</p> : null}
    </>
  );
}
