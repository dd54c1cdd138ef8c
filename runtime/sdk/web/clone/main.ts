/** The family of copies. */

import { structuredClone } from "./structured_clone";

export default { structuredClone };
