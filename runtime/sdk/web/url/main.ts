/** The family of addresses. */

import { core } from "../core";
import { parsePairs } from "./form_urlencoded";
import { URL } from "./url";
import { pairsOf, URLSearchParams } from "./url_search_params";

core.showAs(URL, ({ href }) => ({ href }));
core.showAs(URLSearchParams, (params) => new Map(pairsOf(params)));

const family = { URL, URLSearchParams, parsePairs };
export type UrlFamily = typeof family;
export default family;
