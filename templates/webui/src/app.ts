// The entry. It is loaded before the body, so that the page is never painted in the wrong colours.

import { Page } from "./page";
import { startTheme } from "./theme";

startTheme();
document.addEventListener("DOMContentLoaded", () => void new Page().start());
