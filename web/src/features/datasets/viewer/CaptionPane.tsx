// The caption of the large picture: as tags, as text, and the most used tags a key away.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { type Image } from "../api";
import { useEditor } from "../editor/useEditor";
import { SaveMark } from "../grid/CaptionField";
import { useAuthorWords } from "../panel/useChangeWords";
import { tagsQuery } from "../queries";
import { useCaption } from "../useCaption";
import { TagField } from "../words/TagField";
import { Conflict } from "../words/Conflict";
import { holds, joined, once, tagsOf, toggled } from "../words/tags";
import { Earlier } from "./Earlier";
import classes from "./Viewer.module.css";

const OFFERED = 12;

export function CaptionPane({ image }: { image: Image }) {
  const { t } = useTranslation("datasets");
  const { dataset, readOnly, wish, quick } = useEditor();
  const author = useAuthorWords();
  const caption = useCaption(dataset.id, image);
  const { data } = useQuery(tagsQuery(dataset.id));
  const text = useRef<HTMLTextAreaElement>(null);
  const tags = once(tagsOf(caption.text));
  useEffect(() => {
    if (wish?.part === "caption" && wish.image === image.id) text.current?.focus();
  }, [wish, image.id]);
  return (
    <div className={classes.pane} data-caption={image.id}>
      {caption.text.includes("\n") ? null : (
        <TagField
          label={t("view.tags")} placeholder={tags.length ? undefined : t("view.addTag")} readOnly={readOnly} value={tags} limit={OFFERED}
          data={data?.items.map(({ tag }) => tag) ?? []} onChange={(next) => caption.write(joined(next))}
        />
      )}
      {quick.length && !readOnly ? (
        <div className={classes.quick} role="group" aria-label={t("view.quick")}>
          {quick.map(({ tag }, at) => (
            <button key={tag} type="button" aria-pressed={holds(tags, tag)} aria-keyshortcuts={String(at + 1)} onClick={() => caption.write(toggled(caption.text, tag))}>
              <kbd aria-hidden="true">{at + 1}</kbd> {tag}
            </button>
          ))}
        </div>
      ) : null}
      <label className={classes.label}>
        <span>{t("view.caption")}</span>
        <textarea
          ref={text} className={classes.text} rows={4} readOnly={readOnly} value={caption.text} data-mantine-stop-propagation="true" aria-invalid={caption.error !== null || undefined}
          placeholder={t("grid.captionPlaceholder")} onChange={(event) => caption.write(event.currentTarget.value)} onBlur={caption.state === "dirty" ? caption.flush : undefined}
        />
        <SaveMark caption={caption} />
      </label>
      <Conflict caption={caption} />
      <p className={classes.help}>{image.caption ? t("view.author", { who: author(image.author ?? null) }) : t("view.noCaption")}</p>
      {image.version > 0 ? <Earlier dataset={dataset.id} image={image} onTake={readOnly ? undefined : caption.write} /> : null}
    </div>
  );
}
