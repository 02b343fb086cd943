// The nouns of the API, by the names the page uses. Aliases only: the fields are the server's.
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type Advice = Schemas["Advice"];
export type Checkpoint = Schemas["Checkpoint"];
export type CleanPart = Schemas["Clean"]["parts"][number];
export type ConfigChecked = Schemas["Checked"];
export type Dataset = Schemas["DatasetView"];
export type Device = Schemas["Device"];
export type FileProblem = Schemas["ProblemView"];
export type Fitted = Schemas["Fitted"];
export type Forecast = Schemas["Forecast"];
export type Foreseen = Schemas["Foreseen"];
export type Hardware = Schemas["Hardware"];
export type Image = Schemas["ImageView"];
export type Lora = Schemas["LoraView"];
export type Machine = Schemas["Machine"];
export type Model = Schemas["ModelView"];
export type Outcome = Schemas["Outcome"];
export type Plan = Schemas["PlanView"];
export type Preset = Schemas["PresetView"];
export type ProbeLine = Schemas["ProbeLine"];
export type PresetNeeds = Schemas["PresetNeeds"];
export type Problem = Schemas["Checked"]["problems"][number];
export type Queue = Schemas["Queue"];
export type Run = Schemas["RunView"];
export type RunEvent = Schemas["Event"];
export type RunState = Run["state"];
export type Sample = Schemas["Sample"];
export type Session = Schemas["SessionView"];
export type Settings = Schemas["Settings"];
export type Storage = Schemas["Storage"];
export type StoragePart = Schemas["Part"];
export type Token = Schemas["TokenView"];
export type UploadResult = Schemas["UploadResult"];
export type User = Schemas["UserView"];
export type WhatIf = Schemas["WhatIf"];
