// The sentence for each failure.

import type { ApiFailure } from "../api/completions";
import { t } from "../prefs/strings";

export function failureText(failure: ApiFailure): string {
  return t(`failure_${failure.kind}`, { detail: failure.detail });
}
