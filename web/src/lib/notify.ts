// Notifications of the browser: only when the person asked for them and looks elsewhere.
import { readStored, store } from "@/lib/stored";

export type NotifyChoice = "on" | "off" | "blocked" | "unsupported";

export function notifyChoice(): NotifyChoice {
  if (!("Notification" in globalThis)) return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  return readStored("notify") === "on" && Notification.permission === "granted" ? "on" : "off";
}

export async function chooseNotify(on: boolean): Promise<NotifyChoice> {
  if (on && "Notification" in globalThis && Notification.permission === "default") await Notification.requestPermission();
  store("notify", on ? "on" : "off");
  return notifyChoice();
}

export function notifyInBackground(text: string, path: string): void {
  if (document.visibilityState === "visible" || notifyChoice() !== "on") return;
  const notification = new Notification("LoRA Loom", { body: text, icon: "/favicon.svg", tag: path });
  notification.onclick = () => {
    globalThis.focus();
    globalThis.location.assign(path);
  };
}
