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

interface UrlAttachment {
  url: string;
  filename?: string;
  description?: string;
}

interface Base64Attachment {
  data: string;
  filename: string;
  description?: string;
}

/** A file: fetched from an address, or given as base64. */
export type RawAttachment =
  | { url: UrlAttachment }
  | { Url: UrlAttachment }
  | { base64: Base64Attachment }
  | { Base64: Base64Attachment };

/** An embed, or the builder of one. */
export type EmbedLike = RawEmbed | { toJSON(): RawEmbed };

interface MessageContent {
  content?: string | null;
  embeds?: EmbedLike[];
  components?: (ComponentLike | JsonValue)[];
  allowedMentions?: RawAllowedMentions;
  /** A sum of MessageFlags. */
  flags?: number | bigint;
}

export interface MessageReplyOptions extends MessageContent {
  attachments?: RawAttachment[];
  tts?: boolean;
  /** Another message to refer to; null for none. */
  replyTo?: string | null;
  /** Only who used the interaction sees it. Ignored in channels. */
  ephemeral?: boolean;
}

export interface MessageEditOptions extends MessageContent {
  attachments?: RawAttachment[];
}
