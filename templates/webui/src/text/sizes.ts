// Writes file sizes as people read them.

import { formatNumber, t } from "../prefs/strings";

export function formatSize(bytes: number): string {
  if (bytes < 1000) return t("size_bytes", { size: formatNumber(bytes, 0) });
  if (bytes < 999_500) return t("size_kilobytes", { size: formatNumber(bytes / 1000, bytes < 9_950 ? 1 : 0) });
  if (bytes < 999_500_000) return t("size_megabytes", { size: formatNumber(bytes / 1_000_000, bytes < 99_500_000 ? 1 : 0) });
  return t("size_gigabytes", { size: formatNumber(bytes / 1_000_000_000, 1) });
}
