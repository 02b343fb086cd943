// Talking with what a run has made, beside the base that knows nothing of it.
import { Button, NumberInput, Slider, Switch, Textarea } from "@mantine/core";
import { IconPlayerStop, IconSend } from "@tabler/icons-react";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Fold } from "@/components/Fold";
import { useFormat } from "@/lib/useFormat";
import classes from "./Chat.module.css";
import { Conversation } from "./Conversation";
import { type ChatSettings, useChat } from "./useChat";

const USUAL: ChatSettings = { strength: 1, temperature: 0, maxTokens: 256, seed: 0, system: "", beside: true };
const MARKS = [{ value: 0 }, { value: 1 }, { value: 2 }];

interface Props {
  lora: string;
  /** Questions to begin with. */
  suggestions?: readonly string[];
}

export function ChatPanel({ lora, suggestions = [] }: Props) {
  const { t } = useTranslation("chat");
  const [settings, setSettings] = useState(USUAL);
  const [question, setQuestion] = useState("");
  const { turns, busy, ask, again, stop, clear } = useChat(lora);
  const set = (change: Partial<ChatSettings>) => setSettings({ ...settings, ...change });
  const send = () => {
    if (busy || question.trim() === "") return;
    ask(question.trim(), settings);
    setQuestion("");
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
    if (event.key === "Escape" && busy) stop();
  };
  return (
    <div className={classes.chat}>
      <Settings settings={settings} onSet={set} />
      {turns.length === 0 ? (
        <div className={classes.empty}>
          <p>{t("empty")}</p>
          {suggestions.slice(0, 3).map((one) => <Button key={one} variant="default" size="compact-sm" onClick={() => ask(one, settings)}>{one}</Button>)}
        </div>
      ) : (
        <Conversation turns={turns} busy={busy} onRetry={() => again(settings)} />
      )}
      <form
        className={classes.ask}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Textarea
          aria-label={t("question")} placeholder={t("placeholder")} autosize minRows={1} maxRows={8} value={question} onKeyDown={keys}
          onChange={(event) => setQuestion(event.currentTarget.value)}
        />
        {busy ? (
          <Button variant="default" leftSection={<IconPlayerStop size={16} aria-hidden="true" />} aria-keyshortcuts="Escape" onClick={stop}>{t("stop")}</Button>
        ) : (
          <Button type="submit" leftSection={<IconSend size={16} aria-hidden="true" />} disabled={question.trim() === ""}>{t("send")}</Button>
        )}
      </form>
      <div className={classes.foot}>
        <span>{t("keys")}</span>
        {turns.length > 0 && !busy ? (
          <>
            <Button variant="subtle" size="compact-sm" onClick={() => again(settings)}>{t("again")}</Button>
            <Button variant="subtle" size="compact-sm" onClick={clear}>{t("clear")}</Button>
          </>
        ) : null}
      </div>
    </div>
  );
}

function Settings({ settings, onSet }: { settings: ChatSettings; onSet: (change: Partial<ChatSettings>) => void }) {
  const { t } = useTranslation("chat");
  const { number } = useFormat();
  const { strength, temperature, maxTokens, seed, system, beside } = settings;
  const whole = (set: (value: number) => void) => (value: number | string) => typeof value === "number" && set(value);
  return (
    <div className={classes.settings}>
      <div className={classes.strength}>
        <span>{t("strength")} <strong>{number(strength, 2)}</strong></span>
        <Slider thumbLabel={t("strength")} label={null} min={0} max={2} step={0.05} marks={MARKS} value={strength} onChange={(value) => onSet({ strength: value })} />
      </div>
      <Switch label={t("beside")} checked={beside} onChange={(event) => onSet({ beside: event.currentTarget.checked })} />
      <div className={classes.more}>
        <Fold title={t("more")}>
          {() => (
            <div className={classes.fields}>
              <NumberInput label={t("temperature")} description={t("temperatureHelp")} min={0} max={2} step={0.1} decimalScale={2} value={temperature} onChange={whole((value) => onSet({ temperature: value }))} />
              <NumberInput label={t("maxTokens")} description={t("maxTokensHelp")} min={1} max={8192} step={64} allowDecimal={false} value={maxTokens} onChange={whole((value) => value >= 1 && onSet({ maxTokens: value }))} />
              <NumberInput label={t("seed")} description={t("seedHelp")} min={0} max={4_294_967_295} allowDecimal={false} value={seed} onChange={whole((value) => onSet({ seed: value }))} />
              <Textarea className={classes.wide} label={t("system")} description={t("systemHelp")} autosize minRows={2} maxRows={8} value={system} onChange={(event) => onSet({ system: event.currentTarget.value })} />
            </div>
          )}
        </Fold>
      </div>
    </div>
  );
}
