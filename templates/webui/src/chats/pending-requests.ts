// The answers that this tab will request when the program is there. A reload and a move to another port keep them.

import { load, save } from "../browser/storage";

const key = "mkexe.waiting";

export class Asked {
  private readonly ids = new Set(askedFor());

  has(id: string): boolean {
    return this.ids.has(id);
  }

  set(id: string, isAsked: boolean): void {
    if (isAsked) this.ids.add(id);
    else if (!this.ids.delete(id)) return;
    save("session", key, [...this.ids].join(" "));
  }
}

/** The ids of the answers that this tab kept. */
export function askedFor(): string[] {
  return (load("session", key) ?? "").split(" ").filter(Boolean);
}

export function keepAsked(ids: readonly string[]): void {
  save("session", key, [...new Set([...askedFor(), ...ids])].join(" "));
}

export function forgetAsked(): void {
  save("session", key, null);
}
