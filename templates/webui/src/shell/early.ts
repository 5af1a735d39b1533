// Runs before the browser reads the body. So the page never appears in the wrong colours, or in English to readers of
// another language. app.js is a module and runs later.

import { startTheme } from "../prefs/theme";

startTheme();
// base.css stops waiting after a second, whatever happens to app.js.
if (!navigator.language.startsWith("en")) document.documentElement.dataset["pending"] = "";
