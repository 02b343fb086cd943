// Navigation: in the header on wide screens, a bar at the thumb on narrow ones.
import { IconBox, IconBrush, IconHome, IconLayoutGrid, IconPhoto, IconSparkles, IconWaveSine } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { NavLink } from "react-router";
import classes from "./Nav.module.css";

const PLACES = [
  { to: "/", key: "start", Icon: IconHome },
  { to: "/datasets", key: "datasets", Icon: IconPhoto },
  { to: "/runs", key: "runs", Icon: IconWaveSine },
  { to: "/loras", key: "loras", Icon: IconSparkles },
  { to: "/playground", key: "playground", Icon: IconBrush },
  { to: "/experiments", key: "experiments", Icon: IconLayoutGrid },
  { to: "/models", key: "models", Icon: IconBox },
] as const;

export function TopNav() {
  const { t } = useTranslation("shell");
  return (
    <nav className={classes.top} aria-label={t("nav.label")}>
      {PLACES.map(({ to, key }) => (
        <NavLink key={to} to={to} end={to === "/"} className={classes.link}>
          {t(`nav.${key}`)}
        </NavLink>
      ))}
    </nav>
  );
}

export function TabBar() {
  const { t } = useTranslation("shell");
  return (
    <nav className={classes.bar} aria-label={t("nav.label")}>
      {PLACES.map(({ to, key, Icon }) => (
        <NavLink key={to} to={to} end={to === "/"} className={classes.tab}>
          <Icon size={20} stroke={1.6} aria-hidden="true" />
          <span>{t(`nav.${key}`)}</span>
        </NavLink>
      ))}
    </nav>
  );
}
