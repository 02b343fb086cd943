// Settings: of this browser, of the server, its workers and limits, its storage and what is kept there, its users, one's tokens.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { sessionQuery } from "@/api/queries";
import { Page } from "@/components/Page";
import { BrowserSection } from "./BrowserSection";
import { KeptSection } from "./kept/KeptSection";
import { LimitsSection } from "./limits/LimitsSection";
import { PasswordButton } from "./PasswordButton";
import { Section } from "./Section";
import { ServerSection } from "./ServerSection";
import { StorageSection } from "./StorageSection";
import { TokensSection } from "./TokensSection";
import { UsersSection } from "./UsersSection";
import { WorkersSection } from "./workers/WorkersSection";

export function Component() {
  const { t } = useTranslation("settings");
  const session = useQuery(sessionQuery);
  const user = session.data?.user;
  return (
    <Page title={t("title")} lead={session.data ? t("version", { version: session.data.version }) : undefined}>
      {user && session.data?.login_required ? (
        <Section title={t("account.title")} text={t("account.text", { name: user.name })}>
          <PasswordButton user={user} mine />
        </Section>
      ) : null}
      <BrowserSection />
      {user?.admin ? <ServerSection /> : null}
      <StorageSection mayClean={user?.admin ?? false} />
      {user?.admin ? <WorkersSection /> : null}
      {user?.admin ? <LimitsSection /> : null}
      {user?.admin ? <KeptSection /> : null}
      {user?.admin ? <UsersSection me={user} open={!session.data?.login_required} /> : null}
      <TokensSection />
    </Page>
  );
}
