/** The family of time. */

import { Performance, performance } from "./performance";

export default { performance, Performance };
