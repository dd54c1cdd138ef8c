/** The family of streams: those that are read. */

import { core } from "../core";
import { ByteLengthQueuingStrategy, CountQueuingStrategy } from "./queue";
import {
  readableOf,
  ReadableStream,
  ReadableStreamDefaultController,
  ReadableStreamDefaultReader,
} from "./readable_stream";

core.showAs(ReadableStream, ({ locked }) => ({ locked }));

const family = {
  ...{ ReadableStream, ReadableStreamDefaultReader, ReadableStreamDefaultController },
  ...{ ByteLengthQueuingStrategy, CountQueuingStrategy },
  /** Whether somebody has read of a stream, or cancelled it. */
  isDisturbed: (stream: ReadableStream) => readableOf(stream).isDisturbed,
};
export type StreamsFamily = typeof family;
export default family;
