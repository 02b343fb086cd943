// The captions a picture had before: who wrote them, when, and the way back to one.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Fold } from "@/components/Fold";
import { TimeAgo } from "@/components/Format";
import type { Image } from "../api";
import { useAuthorWords } from "../panel/useChangeWords";
import { imageChangesQuery } from "../queries";
import classes from "./Viewer.module.css";

interface EarlierProps {
  dataset: string;
  image: Image;
  onTake?: (caption: string) => void;
}

export function Earlier(props: EarlierProps) {
  const { t } = useTranslation("datasets");
  return <Fold title={t("view.earlier")}>{() => <Captions {...props} />}</Fold>;
}

function Captions({ dataset, image, onTake }: EarlierProps) {
  const { t } = useTranslation("datasets");
  const author = useAuthorWords();
  const { data } = useQuery(imageChangesQuery(dataset, image.id, image.version));
  const earlier = (data?.items ?? []).filter(({ before }) => typeof before.caption === "string" && before.caption !== "");
  if (!earlier.length) return <p className={classes.help}>{t("history.none")}</p>;
  return (
    <ul className={classes.earlier}>
      {earlier.map(({ number, created_at, before }) => (
        <li key={number}>
          <p>{String(before.caption)}</p>
          <p className={classes.help}>
            {author(typeof before.author === "string" ? before.author : null)} · <TimeAgo time={created_at} />
          </p>
          {onTake ? (
            <Button variant="default" size="compact-xs" onClick={() => onTake(String(before.caption))}>
              {t("view.take")}
            </Button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
