/** The family of files and forms. */

import { core } from "../core";
import { Blob, blobOf, bytesOfBlob, File, joined } from "./blob";
import { FormData } from "./form_data";

core.showAs(Blob, ({ size, type }) => ({ size, type }));
core.showAs(File, ({ name, size, type, lastModified }) => ({ name, size, type, lastModified }));
core.showAs(FormData, (form) => new Map(form));

const family = {
  ...{ Blob, File, FormData },
  /** For the other families. */
  ...{ blobOf, bytesOfBlob, joined },
};
export type BlobsFamily = typeof family;
export default family;
