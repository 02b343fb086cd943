// Where pictures or texts are dropped: the whole screen takes them, the area says so and offers the dialogs.
import { Button } from "@mantine/core";
import { IconFilePlus, IconPhotoPlus } from "@tabler/icons-react";
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Kind } from "@/api/kinds";
import classes from "./DropArea.module.css";
import { useFileDrop } from "./useFileDrop";
import { type Chosen, filesOfInput } from "./walk";

interface DropAreaProps {
  kind?: Kind;
  onFiles: (files: Chosen[]) => void;
  /** Lower, when there are pictures already. */
  small?: boolean;
  /** Further ways to bring pictures in. */
  children?: ReactNode;
}

export function DropArea({ kind = "images", onFiles, small, children }: DropAreaProps) {
  const { t } = useTranslation("datasets");
  const over = useFileDrop(onFiles);
  const words = kind === "texts" ? "dropTexts" : "drop";
  const Icon = kind === "texts" ? IconFilePlus : IconPhotoPlus;
  return (
    <div className={classes.area} data-over={over || undefined} data-small={small || undefined}>
      <Icon className={classes.icon} size={small ? 22 : 36} stroke={1.25} aria-hidden="true" />
      <div className={classes.words}>
        <p className={classes.title}>{over ? t("drop.now") : t(`${words}.title`)}</p>
        {small ? null : <p className={classes.text}>{t(`${words}.text`)}</p>}
      </div>
      <div className={classes.buttons}>
        <Chooser onFiles={onFiles}>{t("drop.files")}</Chooser>
        <Chooser onFiles={onFiles} folder>
          {t("drop.folder")}
        </Chooser>
        {children}
      </div>
    </div>
  );
}

function Chooser({ onFiles, folder, children }: { onFiles: DropAreaProps["onFiles"]; folder?: boolean; children: ReactNode }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        {...(folder ? { webkitdirectory: "" } : {})}
        onChange={(event) => {
          onFiles(filesOfInput(event.currentTarget.files ?? []));
          event.currentTarget.value = "";
        }}
      />
      <Button variant="default" size="sm" onClick={() => input.current?.click()}>
        {children}
      </Button>
    </>
  );
}
