/** Discord's numbers that scripts name. */

/** Styles of buttons with a custom id. Link (5) and premium (6) come with `setUrl`, `setSkuId`. */
export const ButtonStyle = { Primary: 1, Secondary: 2, Success: 3, Danger: 4 } as const;
export type ButtonStyle = (typeof ButtonStyle)[keyof typeof ButtonStyle];

/** The same as ButtonStyle. */
export const ButtonStyles = ButtonStyle;

export const InputTextStyle = { Short: 1, Paragraph: 2 } as const;
export type InputTextStyle = (typeof InputTextStyle)[keyof typeof InputTextStyle];

/** The same as InputTextStyle. */
export const InputTextStyles = InputTextStyle;

export const ComponentType = {
  ActionRow: 1,
  Button: 2,
  StringSelect: 3,
  InputText: 4,
  UserSelect: 5,
  RoleSelect: 6,
  MentionableSelect: 7,
  ChannelSelect: 8,
  Section: 9,
  TextDisplay: 10,
  Thumbnail: 11,
  MediaGallery: 12,
  File: 13,
  Separator: 14,
  Container: 17,
  Label: 18,
  FileUpload: 19,
} as const;
export type ComponentType = (typeof ComponentType)[keyof typeof ComponentType];

/** Bits of a message's `flags`; a reply may set SUPPRESS_EMBEDS, EPHEMERAL and a few more. */
export const MessageFlags = {
  CROSSPOSTED: 1,
  IS_CROSSPOST: 2,
  SUPPRESS_EMBEDS: 4,
  SOURCE_MESSAGE_DELETED: 8,
  URGENT: 16,
  HAS_THREAD: 32,
  EPHEMERAL: 64,
  LOADING: 128,
  FAILED_TO_MENTION_SOME_ROLES_IN_THREAD: 256,
  SUPPRESS_NOTIFICATIONS: 4096,
  IS_VOICE_MESSAGE: 8192,
  IS_COMPONENTS_V2: 32768,
} as const;
/** A sum of MessageFlags. */
export type MessageFlags = number;
