/** The guild beside the messages: its channels, its members, and whom one chats as. */

import { button, h } from './dom.js'
import { displayName } from './guild.js'
import { avatar } from './message.js'

/** parts: {name, channels, members, me}, elements of the page; onChannel(id), current channel id. */
export function drawSidebar(parts, guild, { current, unread, onChannel }) {
  parts.name.textContent = guild.name
  parts.channels.replaceChildren(...guild.channels.map((channel) => channelItem(channel, guild, { current, unread, onChannel })))
  parts.members.replaceChildren(...guild.users.map((user) => memberItem(user, guild)))
  parts.me.replaceChildren(
    ...guild.people.map((user) =>
      h('option', { value: user.id, selected: user.id === guild.me }, `${displayName(user)}${guild.isOwner(user.id) ? ' (owner)' : ''}`),
    ),
  )
}

function channelItem(channel, guild, { current, unread, onChannel }) {
  const isCurrent = channel.id === current
  const isUnread = unread.has(channel.id)
  const sign = guild.isThread(channel) ? '↳' : '#'
  return h(
    'li',
    {},
    button(
      `${channel.name}${isUnread ? ', unread' : ''}`,
      { class: `channel${isUnread ? ' unread' : ''}`, 'aria-current': isCurrent ? 'page' : undefined, onclick: () => onChannel(channel.id) },
      h('span', { class: 'faint', 'aria-hidden': 'true' }, sign),
      ` ${channel.name}`,
    ),
  )
}

function memberItem(user, guild) {
  const isBot = user.id === guild.bot.id
  const online = !isBot || guild.bot.connected
  return h(
    'li',
    { class: online ? 'member' : 'member away' },
    avatar(user),
    h('span', {}, displayName(user)),
    user.bot && h('span', { class: 'badge' }, 'BOT'),
    guild.isOwner(user.id) && h('span', { class: 'faint' }, 'owner'),
    isBot && !online && h('span', { class: 'faint' }, 'offline'),
  )
}
