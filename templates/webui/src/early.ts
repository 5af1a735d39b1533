// Runs before the body is read, so that the page is never painted in the wrong colours. app.js, a module, comes later.

import { startTheme } from "./theme";

startTheme();
