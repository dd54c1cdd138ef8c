/** The family of requests and responses. */

import { core } from "../core";
import { fetch } from "./fetch";
import { Headers } from "./headers";
import { Request } from "./request";
import { fetchedResponse, Response } from "./response";

core.showAs(Headers, (headers) => Object.fromEntries(headers));
core.showAs(Request, ({ method, url, headers, bodyUsed }) => ({ method, url, headers, bodyUsed }));
core.showAs(Response, ({ status, statusText, url, headers, bodyUsed }) => ({
  ...{ status, statusText, url, headers, bodyUsed },
}));

const family = { fetch, Headers, Request, Response, fetchedResponse };
export type HttpFamily = typeof family;
export default family;
