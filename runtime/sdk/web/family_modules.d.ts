/** What the build makes of the folders of families (build.mjs): a function of what each needs. */

declare module "family:blobs" {
  export default function make(core: import("./core").Core): import("./blobs/main").BlobsFamily;
}
declare module "family:clone" {
  export default function make(core: import("./core").Core): object;
}
declare module "family:crypto" {
  export default function make(core: import("./core").Core): object;
}
declare module "family:encoding" {
  export default function make(
    core: import("./core").Core,
  ): import("./encoding/main").EncodingFamily;
}
declare module "family:events" {
  export default function make(core: import("./core").Core): import("./events/main").EventsFamily;
}
declare module "family:http" {
  export default function make(core: import("./core").Core): import("./http/main").HttpFamily;
}
declare module "family:performance" {
  export default function make(core: import("./core").Core): object;
}
declare module "family:streams" {
  export default function make(core: import("./core").Core): import("./streams/main").StreamsFamily;
}
declare module "family:url" {
  export default function make(core: import("./core").Core): import("./url/main").UrlFamily;
}
