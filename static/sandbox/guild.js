/** What the page knows of the guild: who and what the ids in messages are. Draws nothing. */

const PUBLIC_THREAD = 11
const PRIVATE_THREAD = 12

export class Guild {
  me = ''
  bot = { id: '', connected: false }
  commands = []
  #guild = { id: '', name: '', owner_id: '', channels: [], roles: [], members: [] }

  set(guild) {
    this.#guild = guild
  }

  get name() {
    return this.#guild.name
  }

  get channels() {
    return this.#guild.channels
  }

  get roles() {
    return this.#guild.roles.filter((role) => role.id !== this.#guild.id)
  }

  /** Users of the guild, people first. */
  get users() {
    const users = this.#guild.members.map((member) => ({ ...member.user, nick: member.nick }))
    return users.sort((a, b) => Number(a.bot) - Number(b.bot))
  }

  get people() {
    return this.users.filter((user) => !user.bot)
  }

  isOwner(userId) {
    return userId === this.#guild.owner_id
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id)
  }

  channelName(id) {
    const channel = this.channel(id)
    return channel ? channel.name : 'unknown'
  }

  isThread(channel) {
    return channel.type === PUBLIC_THREAD || channel.type === PRIVATE_THREAD
  }

  role(id) {
    return this.#guild.roles.find((role) => role.id === id)
  }

  /** The colour of a member's highest role that has one, as CSS writes it; null for none. */
  colourOf(userId) {
    const member = this.#guild.members.find((known) => known.user.id === userId)
    const coloured = (member?.roles ?? [])
      .map((id) => this.role(id))
      .filter((role) => role?.color)
      .sort((a, b) => b.position - a.position)
    return coloured.length ? colour(coloured[0].color) : null
  }

  nameOf(userId) {
    const user = this.users.find((known) => known.id === userId)
    return user ? displayName(user) : 'unknown'
  }

  /** Text as a person types it, with @name and #name as Discord wants them: <@id>, <#id>. */
  withMentions(text) {
    const users = new Map(this.users.map((user) => [user.username.toLowerCase(), `<@${user.id}>`]))
    const channels = new Map(this.channels.map((channel) => [channel.name.toLowerCase(), `<#${channel.id}>`]))
    return text
      .replace(/(^|[\s(])@([\w.-]+)/g, (whole, before, name) => before + (users.get(name.toLowerCase()) ?? `@${name}`))
      .replace(/(^|[\s(])#([\w-]+)/g, (whole, before, name) => before + (channels.get(name.toLowerCase()) ?? `#${name}`))
  }

  /** The same backwards, for editing. */
  withoutMentions(text) {
    return text
      .replace(/<@!?(\d+)>/g, (whole, id) => {
        const user = this.users.find((known) => known.id === id)
        return user ? `@${user.username}` : whole
      })
      .replace(/<#(\d+)>/g, (whole, id) => (this.channel(id) ? `#${this.channelName(id)}` : whole))
  }
}

export function displayName(user) {
  return user.nick || user.global_name || user.username
}

/** Discord's number of a colour as CSS writes it. */
export function colour(number) {
  return `#${number.toString(16).padStart(6, '0')}`
}
