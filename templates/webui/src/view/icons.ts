// Line drawings on a 24 x 24 grid, stroked in the colour of the text around them.

const paths = {
  after: "m9.5 5 7 7-7 7",
  arrow_down: "M12 5v14m-6-6 6 6 6-6",
  arrow_up: "M12 19V5m-6 6 6-6 6 6",
  attach: "m20 11.5-8.4 8.4a5.4 5.4 0 0 1-7.6-7.6l8.7-8.7a3.6 3.6 0 0 1 5.1 5.1l-8.7 8.7a1.8 1.8 0 0 1-2.5-2.5l7.9-7.9",
  before: "m14.5 5-7 7 7 7",
  branch: "M7 8.5v7M7 3.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM7 15.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM17 3.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM17 8.5c0 4-3 5.5-7.6 6.6",
  check: "m5 12.5 4.5 4.5L19 7.5",
  close: "m6.5 6.5 11 11m0-11-11 11",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  download: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  edit: "M4 20h4L19.5 8.5a2.1 2.1 0 0 0-3-3L5 17zM14.5 7.5l3 3",
  file: "M13.5 3H6.5v18h11V7zM13.5 3v4h4M9.5 12.5h5M9.5 16h5",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.6v.1",
  more: "M5 12h.1M12 12h.1M19 12h.1",
  moon: "M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z",
  power: "M12 3v8M6.5 6.5a8 8 0 1 0 11 0",
  panel: "M4 5h16v14H4zM9.5 5v14",
  pin: "M9 4h6l-1 7 3.5 3.5h-11L10 11zM12 14.5V21",
  play: "M8 5.5v13l10.5-6.5z",
  plus: "M12 5v14M5 12h14",
  retry: "M20 11a8 8 0 1 0-.7 4.5M20 5v6h-6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5",
  sound: "M4 10v4m4-7v10m4-13v16m4-12v8m4-5v2",
  settings: "M4 7h9M17 7h3M15 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM4 17h3M11 17h9M9 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  stop: "M8 8h8v8H8z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5",
  upload: "M12 15V4m-5 5 5-5 5 5M5 20h14",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
} as const;

export type IconName = keyof typeof paths;

const svgNamespace = "http://www.w3.org/2000/svg";

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svgNamespace, "path");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

/** Puts an icon into every element of index.html that has `data-icon`. */
export function fillIcons(root: ParentNode): void {
  for (const target of root.querySelectorAll<HTMLElement>("[data-icon]")) {
    const name = target.dataset["icon"] ?? "";
    if (name in paths) target.prepend(icon(name as IconName));
  }
}
