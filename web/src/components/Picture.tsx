// A picture in a box whose size is known before it arrives: nothing moves when it does.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./Picture.module.css";

interface PictureProps {
  src: string | null;
  /** Empty when the words beside it say it all. */
  alt: string;
  /** Width over height of the box; default 1. */
  ratio?: number;
  /** "contain" shows the whole picture on a mount, "cover" fills the box. */
  fit?: "contain" | "cover";
  /** For the picture the screen is about: load it first. */
  eager?: boolean;
  className?: string;
}

export function Picture({ src, alt, ratio = 1, fit = "cover", eager, className }: PictureProps) {
  const { t } = useTranslation();
  const [failed, setFailed] = useState<string | null>(null);
  const broken = src === null || failed === src;
  return (
    <div className={[classes.box, className].filter(Boolean).join(" ")} style={{ aspectRatio: ratio }}>
      {broken ? (
        src !== null && <span className={classes.missing}>{t("picture.missing")}</span>
      ) : (
        <img
          src={src}
          alt={alt}
          loading={eager ? "eager" : "lazy"}
          decoding="async"
          data-fit={fit}
          className={classes.image}
          onError={() => setFailed(src)}
        />
      )}
    </div>
  );
}
