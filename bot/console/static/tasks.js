// The page of what waits: nothing but the live connection that every page shows.

import { Live } from "./live.js";

new Live().start();
