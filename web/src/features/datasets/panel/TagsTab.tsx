// The set's own tags by how often they stand there; chosen ones narrow the pictures, and the counts go with them.
import { ActionIcon, Menu, TextInput, VisuallyHidden } from "@mantine/core";
import { IconDots, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorNote } from "@/components/ErrorNote";
import { useFormat } from "@/lib/useFormat";
import { ALL, type Tag } from "../api";
import { useEditor } from "../editor/useEditor";
import { withTag } from "../filter";
import { tagsQuery } from "../queries";
import { holds, same } from "../words/tags";
import classes from "./Panel.module.css";

const SHOWN = 200;

export function TagsTab() {
  const { t } = useTranslation("datasets");
  const { dataset, filter } = useEditor();
  const { data, isError, error, refetch } = useQuery(tagsQuery(dataset.id, filter.tags));
  const [words, setWords] = useState("");
  const sought = useDeferredValue(same(words));
  const found = (data?.items ?? []).filter(({ tag }) => same(tag).includes(sought));
  const most = found[0]?.count ?? 1;
  return (
    <>
      <TextInput
        aria-label={t("tags.find")} placeholder={t("tags.find")} size="sm" mb="xs" leftSection={<IconSearch size={14} aria-hidden="true" />} value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {filter.tags.length ? <p className={classes.note}>{t("tags.beside", { tags: filter.tags.join(", ") })}</p> : null}
      {isError ? <ErrorNote error={error} small onRetry={() => void refetch()} /> : null}
      {data && !found.length ? <p className={classes.note}>{t(words ? "tags.noMatch" : "tags.none")}</p> : null}
      <ul className={classes.tags}>
        {found.slice(0, SHOWN).map((tag) => (
          <TagRow key={same(tag.tag)} {...tag} share={tag.count / most} />
        ))}
      </ul>
      {found.length > SHOWN ? <p className={classes.note}>{t("tags.more", { count: found.length - SHOWN })}</p> : null}
    </>
  );
}

function TagRow({ tag, count, share }: Tag & { share: number }) {
  const { t } = useTranslation("datasets");
  const { number } = useFormat();
  const { filter, narrow, readOnly, apply, quick } = useEditor();
  const [renamed, setRenamed] = useState<string | null>(null);
  const on = holds(filter.tags, tag);
  const digit = quick.findIndex((one) => same(one.tag) === same(tag)) + 1;
  const rename = () => {
    const wanted = renamed?.trim() ?? "";
    setRenamed(null);
    if (wanted && wanted !== tag) apply.mutate({ ...ALL, edit: { do: "rename_tag", old: tag, new: wanted } });
  };
  if (renamed !== null)
    return (
      <li>
        <TextInput
          size="xs" aria-label={t("tags.renameTo", { tag })} value={renamed} ref={focus} onChange={(event) => setRenamed(event.currentTarget.value)} onBlur={() => setRenamed(null)}
          onKeyDown={(event) => {
            if (event.key === "Enter") rename();
            if (event.key === "Escape") setRenamed(null);
          }}
        />
      </li>
    );
  return (
    <li className={classes.tag}>
      <button type="button" aria-pressed={on} className={classes.tagButton} onClick={() => narrow(withTag(filter, tag))}>
        <span className={classes.bar} style={{ width: `${Math.max(share * 100, 1)}%` }} aria-hidden="true" />
        {digit ? <kbd aria-hidden="true">{digit}</kbd> : null}
        <span className={classes.tagName}>{tag}</span>
        <span className={classes.number}>
          {number(count)}
          <VisuallyHidden> {t("tags.pictures", { count })}</VisuallyHidden>
        </span>
      </button>
      {readOnly ? null : (
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t("tags.menu", { tag })}>
              <IconDots size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setRenamed(tag)}>{t("tags.rename")}</Menu.Item>
            <Menu.Item onClick={() => apply.mutate({ ...ALL, edit: { do: "remove_tags", tags: [tag] } })}>{t("tags.remove")}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  );
}

/** As a ref, which must stay the same. The menu gives the focus back as it closes, so this waits for that. */
const focus = (input: HTMLInputElement | null) => {
  if (input) setTimeout(() => input.select(), 60);
};
