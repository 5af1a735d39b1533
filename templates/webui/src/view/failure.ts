// A sentence for every failure.

import type { ApiFailure } from "../api";
import { t } from "../strings";

export function failureText(failure: ApiFailure): string {
  return t(`failure_${failure.kind}`, { detail: failure.detail });
}
