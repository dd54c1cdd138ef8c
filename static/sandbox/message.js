/** One message as it is seen: who, when, what, and what can be done with it. */

import { button, h } from './dom.js'
import { attachment, embed } from './embeds.js'
import { components } from './components.js'
import { displayName } from './guild.js'
import { icon } from './icons.js'
import { markdown } from './markdown.js'

const EPHEMERAL = 1 << 6
const LOADING = 1 << 7
const SUPPRESS_EMBEDS = 1 << 2
const MENU_COMMAND = 23
const COMMAND_TYPES = new Set([20, MENU_COMMAND])
const REPLY = 19
const PINNED = 6
const HUES = ['#4f6bed', '#a259c9', '#d0568a', '#cf6a2d', '#b38a1d', '#2f8f9e', '#5a7d2a', '#7a6ff0']

export function isEphemeral(message) {
  return Boolean(message.flags & EPHEMERAL)
}

/**
 * context: {guild, actions, asked, grouped}. actions: what the page does when something is pressed;
 * asked: {busy(customId), chosen(customId), failed} of this message; grouped: it follows one of the
 * same author.
 */
export function messageElement(message, context) {
  if (message.type === PINNED) return systemElement(message, context)
  const { guild, grouped } = context
  const mine = message.author.id === guild.me
  const pinged = message.mentions.some((user) => user.id === guild.me) || message.mention_everyone
  const classes = ['message', grouped && 'grouped', isEphemeral(message) && 'ephemeral', pinged && !mine && 'pinged']
  return h(
    'li',
    { class: classes.filter(Boolean).join(' '), 'data-id': message.id },
    h(
      'article',
      { 'aria-label': `${displayName(message.author)}, ${clock(message.timestamp)}` },
      above(message, context),
      grouped ? h('time', { class: 'gutter faint', dateTime: message.timestamp }, clock(message.timestamp)) : avatar(message.author),
      h('div', { class: 'body' }, grouped ? null : heading(message, guild), ...content(message, context)),
    ),
    tools(message, context),
  )
}

export function avatar(user, properties = {}) {
  const name = displayName(user)
  const shown = h('span', { class: 'avatar', 'aria-hidden': 'true', ...properties }, user.bot ? '✿' : name.slice(0, 1).toUpperCase())
  const hue = user.bot ? 'var(--accent)' : HUES[Number(BigInt(user.id) >> 22n) % HUES.length]
  shown.style.setProperty('--hue', hue)
  return shown
}

export function clock(timestamp) {
  return new Date(timestamp).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
}

function systemElement(message, { guild }) {
  const text = `${guild.nameOf(message.author.id)} pinned a message to this channel.`
  return h('li', { class: 'message system', 'data-id': message.id }, icon('pin'), ` ${text} `, h('time', { class: 'faint' }, clock(message.timestamp)))
}

/** What it answers: a command or another message. */
function above(message, { guild, actions }) {
  const asked = message.interaction_metadata
  if (COMMAND_TYPES.has(message.type) && asked) {
    return h('div', { class: 'above' }, avatar(asked.user), h('b', {}, displayName(asked.user)), ' used ', h('code', {}, `${message.type === MENU_COMMAND ? '' : '/'}${asked.name ?? ''}`))
  }
  if (message.type !== REPLY) return null
  const target = message.referenced_message
  if (!target) return h('div', { class: 'above' }, h('i', {}, 'The original message was deleted'))
  const summary = guild.withoutMentions(target.content) || 'Click to see it'
  return h(
    'div',
    { class: 'above' },
    avatar(target.author),
    h('b', {}, displayName(target.author)),
    button(`Reply to ${displayName(target.author)}: show it`, { class: 'plain summary', onclick: () => actions.jump(target.id) }, summary),
  )
}

function heading(message, guild) {
  const name = h('span', { class: 'name' }, displayName(message.author))
  const colour = guild.colourOf(message.author.id)
  if (colour) name.style.setProperty('color', colour)
  return h(
    'header',
    {},
    name,
    message.author.bot && h('span', { class: 'badge' }, message.webhook_id ? 'WEBHOOK' : 'BOT'),
    h('time', { class: 'faint', dateTime: message.timestamp, title: new Date(message.timestamp).toLocaleString() }, clock(message.timestamp)),
  )
}

function content(message, context) {
  const { guild, actions, asked } = context
  if (message.flags & LOADING) return [loading(message, context)]
  const text = message.content ? [...markdown(message.content, context)] : []
  if (message.edited_timestamp) {
    text.push(' ', h('time', { class: 'faint edited', dateTime: message.edited_timestamp, title: `Edited ${new Date(message.edited_timestamp).toLocaleString()}` }, '(edited)'))
  }
  const embeds = message.flags & SUPPRESS_EMBEDS ? [] : message.embeds
  return [
    text.length && h('div', { class: message.content ? 'text' : 'text only-mark' }, ...text),
    embeds.map((shown) => embed(shown, context)),
    message.attachments.map(attachment),
    message.components.length &&
      h(
        'div',
        { class: 'components' },
        components(message.components, {
          guild,
          busy: asked.busy,
          chosen: asked.chosen,
          press: (customId) => actions.press(message, customId),
          choose: (customId, values) => actions.choose(message, customId, values),
        }),
      ),
    asked.failed && h('div', { class: 'failed', role: 'alert' }, 'This interaction failed: the bot did not respond in time.'),
    message.reactions.length && reactions(message, actions),
    isEphemeral(message) && ephemeralNote(message, actions),
  ]
    .flat(Infinity)
    .filter(Boolean)
}

function loading(message, { actions }) {
  const failed = h('div', { class: 'failed' }, 'The application did not respond')
  const thinking = h('div', { class: 'thinking faint' }, h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), ` ${displayName(message.author)} is thinking…`)
  const shown = message.failed ? failed : thinking
  return isEphemeral(message) ? h('div', {}, shown, ephemeralNote(message, actions)) : shown
}

function ephemeralNote(message, actions) {
  return h(
    'div',
    { class: 'note faint' },
    icon('eye'),
    ' Only you can see this · ',
    button('Dismiss message', { class: 'plain link', onclick: () => actions.dismiss(message) }),
  )
}

function reactions(message, actions) {
  return h(
    'div',
    { class: 'reactions' },
    message.reactions.map(({ emoji, count, me }) => {
      const shown = emoji.id ? `:${emoji.name}:` : emoji.name
      const key = emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name
      return button(
        `${shown}, ${count} ${count === 1 ? 'reaction' : 'reactions'}${me ? ', yours among them' : ''}`,
        { class: 'reaction', 'aria-pressed': String(me), 'data-focus': `reaction ${key}`, onclick: () => actions.react(message, key, !me) },
        shown,
        h('span', {}, ` ${count}`),
      )
    }),
  )
}

function tools(message, { guild, actions }) {
  if (isEphemeral(message) || message.flags & LOADING) return null
  const mine = message.author.id === guild.me
  const tool = (name, sign, act) => button(name, { title: name, 'data-focus': `tool ${name}`, onclick: act }, icon(sign))
  return h(
    'div',
    { class: 'tools', role: 'group', 'aria-label': 'Message actions' },
    tool('Add a reaction', 'smile', (event) => actions.pickEmoji(message, event.currentTarget)),
    tool('Reply', 'reply', () => actions.reply(message)),
    tool('Apps', 'apps', (event) => actions.openMenu(message, event.currentTarget)),
    mine && tool('Edit', 'pencil', () => actions.edit(message)),
    mine && tool('Delete', 'trash', () => actions.delete(message)),
  )
}
