// One setting: its name, a control that fits its type, and what it does.

import { element, setText } from "../browser/dom";
import { languageName } from "../prefs/language";
import { choose, isLocked, type Setting, setting as valueOf, type SettingValue } from "../prefs/settings";
import { formatNumber, type StringKey, t } from "../prefs/strings";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export class SettingRow {
  readonly root = element("div", { class: "setting" });
  private readonly control: Control;
  private readonly note = element("p", { class: "setting-note" });

  constructor(readonly setting: Setting) {
    const id = `setting-${setting.name}`;
    this.control = createControl(setting);
    this.control.id = id;
    this.note.id = `${id}-note`;
    this.control.setAttribute("aria-describedby", this.note.id);
    this.control.addEventListener("change", () => this.onChange());
    this.root.classList.add(`setting-${setting.type}`);
    this.root.append(element("label", { for: id }, t(`setting_${setting.name}`)), this.control, this.note);
    this.show();
  }

  /** Shows the current value. */
  show(): void {
    const value = valueOf(this.setting.name);
    if (this.control instanceof HTMLInputElement && this.control.type === "checkbox") {
      this.control.checked = value === true;
    } else {
      this.control.value = value === null ? "" : String(value);
    }
    this.control.disabled = isLocked(this.setting.name);
    this.showNote(true);
  }

  private onChange(): void {
    const value = readValue(this.setting, this.control);
    this.showNote(value !== undefined && choose(this.setting.name, value));
  }

  private showNote(valid: boolean): void {
    const { name, min = 0, max = 0 } = this.setting;
    const help = t(`setting_${name}_help`);
    this.control.setAttribute("aria-invalid", String(!valid));
    this.note.classList.toggle("invalid", !valid);
    if (!valid) setText(this.note, t("setting_range", { min: formatNumber(min, digitsOf(min)), max: formatNumber(max, digitsOf(max)) }));
    else setText(this.note, isLocked(name) ? `${help} ${t("setting_locked")}` : help);
  }
}

function createControl(setting: Setting): Control {
  switch (setting.type) {
    case "boolean":
      return element("input", { type: "checkbox", role: "switch" });
    case "text":
      return element("textarea", { rows: "4", dir: "auto" });
    case "choice":
      return createSelect(setting);
    default:
      return element("input", {
        type: "number",
        inputmode: setting.type === "integer" && (setting.min ?? 0) >= 0 ? "numeric" : "decimal",
        min: String(setting.min),
        max: String(setting.max),
        // "any": the arrows use the step, but values in between are allowed.
        step: String(setting.step ?? "any"),
        placeholder: t("setting_unset"),
      });
  }
}

function createSelect({ name, choices = [], default: initial }: Setting): HTMLSelectElement {
  const select = element("select");
  if (initial === null) select.append(element("option", { value: "" }, t("setting_automatic")));
  for (const choice of choices) {
    const label = name === "language" ? languageName(choice) : t(`setting_${name}_${choice}` as StringKey);
    select.append(element("option", { value: choice }, label));
  }
  return select;
}

/** The person's input; undefined if it is not a value. */
function readValue(setting: Setting, control: Control): SettingValue | undefined {
  if (setting.type === "boolean") return (control as HTMLInputElement).checked;
  if (setting.type === "text") return control.value;
  if (setting.type === "choice") return control.value || null;
  if (control.validity.badInput) return undefined;
  return control.value === "" ? null : Number(control.value);
}

function digitsOf(value: number): number {
  return Number.isInteger(value) ? 0 : 1;
}
