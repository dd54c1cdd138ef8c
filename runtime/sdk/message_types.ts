/** What scripts say when they write a message: the types of `reply`, `edit` and `rest`. */

import type { ComponentLike } from "./builder_base";
import type { JsonValue } from "./event_types";

export interface RawEmbedField {
  name: string;
  value: string;
  /** false when not given. */
  inline?: boolean;
}

export interface RawEmbed {
  title?: string;
  description?: string;
  url?: string;
  color?: number;
  /** RFC 3339, as `new Date().toISOString()` gives. */
  timestamp?: string;
  /** Left out without a text. */
  footer?: { text?: string; iconUrl?: string };
  image?: { url?: string };
  thumbnail?: { url?: string };
  /** Left out without a name. */
  author?: { name?: string; url?: string; iconUrl?: string };
  fields?: RawEmbedField[];
}

export type Embed = RawEmbed;
export type EmbedField = RawEmbedField;

/** Who is pinged. Without it: the users that are mentioned and the author replied to, no role. */
export interface RawAllowedMentions {
  parse?: ("everyone" | "users" | "roles" | (string & {}))[];
  users?: string[];
  roles?: string[];
  repliedUser?: boolean;
}

/** What may be said of every file. */
interface FileDetails {
  filename?: string;
  /** For those who cannot see it. */
  description?: string;
  /** Hidden until somebody clicks on it. */
  spoiler?: boolean;
}

interface UrlAttachment extends FileDetails {
  url: string;
}

interface Base64Attachment extends FileDetails {
  data: string;
  filename: string;
}

/** A file of 10 MiB at most: fetched from an address, or given as bytes, as base64 or as text. */
export type FileLike =
  | string
  | ({ url: string } & FileDetails)
  | ({ data: string | Uint8Array | ArrayBuffer } & FileDetails)
  | ({ text: string } & FileDetails)
  | { url: UrlAttachment }
  | { Url: UrlAttachment }
  | { base64: Base64Attachment }
  | { Base64: Base64Attachment };

/** A file, or of an edited message one that it keeps. */
export type RawAttachment = FileLike | { id: string; description?: string };

/** PNG, JPEG, GIF or WebP: bytes, an address to fetch it from, or a data URI. */
export type PictureLike =
  | string
  | Uint8Array
  | ArrayBuffer
  | { url: string }
  | { data: string | Uint8Array | ArrayBuffer };

/** An embed, or the builder of one. */
export type EmbedLike = RawEmbed | { toJSON(): RawEmbed };

interface MessageContent {
  content?: string | null;
  embeds?: EmbedLike[];
  components?: (ComponentLike | JsonValue)[];
  allowedMentions?: RawAllowedMentions;
  /** A sum of MessageFlags. */
  flags?: number | bigint;
  /** Sent along; an edited message keeps what it has. */
  files?: FileLike[];
}

/** Discord's poll; question and answers may be plain texts. */
export interface Poll {
  question: string | { text: string };
  answers: (string | { pollMedia: { text: string; emoji?: { id?: string; name?: string } } })[];
  /** In hours: a day when not given, 32 days at most. */
  duration?: number;
  allowMultiselect?: boolean;
}

export interface MessageReplyOptions extends MessageContent {
  attachments?: RawAttachment[];
  tts?: boolean;
  poll?: Poll;
  /** Three at most. */
  stickerIds?: string[];
  /** Another message to refer to; null for none. */
  replyTo?: string | null;
  /** Another message of this guild to show as it is, instead of a content. */
  forward?: { channelId: string; messageId: string } | { channelId: string; id: string };
  /** Only who used the interaction sees it. Ignored in channels. */
  ephemeral?: boolean;
}

export interface MessageEditOptions extends MessageContent {
  /** All that the message has afterwards. */
  attachments?: RawAttachment[];
}
