// Runs before the body is read, so that the page is never painted in the wrong colours or in English for those who read
// another language. app.js, a module, comes later.

import { startTheme } from "../prefs/theme";

startTheme();
// colours.css stops waiting after a second, whatever happens to app.js.
if (!navigator.language.startsWith("en")) document.documentElement.dataset["pending"] = "";
