/** The chat page: what comes from the simulated Discord is shown, what a person does is sent. */

import { openMenu } from './app_menu.js'
import { Composer } from './composer.js'
import { Connection, Refused } from './connection.js'
import { button, byId, h } from './dom.js'
import { pickEmoji } from './emoji.js'
import { Guild, displayName } from './guild.js'
import { icon } from './icons.js'
import { Messages, commandLine } from './messages.js'
import { showModal } from './modal.js'
import { drawSidebar } from './sidebar.js'

const CHOSEN_MEMBER = 'flora-sandbox-member'
const EMPTY_HINTS = ['!ping', '!hello', '/']
const NOTICE_TIME = 8000

const guild = new Guild()
const unread = new Set()
// Interactions whose answer is awaited, by id: {done(choices), failed()}.
const asked = new Map()
let channelId = ''
let connected = false

const connection = new Connection({ onFrame: take, onState: noteConnection })
const messages = new Messages({
  list: byId('messages'),
  scroller: byId('scroller'),
  guild,
  beginning,
  actions: {
    press: (message, customId) => ask(message, customId, { do: 'press' }),
    choose: (message, customId, values) => ask(message, customId, { do: 'choose', values }),
    react: (message, emoji, on) => attempt({ do: 'react', ...place(message), emoji, on }),
    pickEmoji: (message, beside) => pickEmoji(beside, (emoji) => attempt({ do: 'react', ...place(message), emoji, on: true })),
    openMenu: (message, beside) => openMenu(beside, guild.commands, displayName(message.author), (command) => useOn(message, command)),
    dismiss: (message) => attempt({ do: 'dismiss', ...place(message) }),
    delete: (message) => attempt({ do: 'delete', ...place(message) }),
    reply: (message) => composer.reply(message),
    edit: (message) => composer.edit(message),
    jump: (id) => messages.jump(id),
  },
})
const composer = new Composer({
  form: byId('composer'),
  field: byId('field'),
  note: byId('composer-note'),
  count: byId('count'),
  list: byId('picker'),
  guild,
  actions: {
    send: (content, replyTo) => act({ do: 'send', channel_id: channelId, content, reply_to: replyTo }),
    change: (message, content) => act({ do: 'edit', ...place(message), content }),
    command,
    suggest,
    lastOwn: () => messages.lastOf(guild.me),
  },
})

// --- what comes --------------------------------------------------------------------------------

function take(frame) {
  switch (frame.type) {
    case 'state':
      return takeState(frame)
    case 'message':
      return takeMessage(frame.message)
    case 'gone':
      return messages.remove(frame.channel_id, frame.ids)
    case 'guild':
      guild.set(frame.guild)
      if (!guild.channel(channelId)) showChannel(guild.channels[0]?.id ?? '')
      return drawGuild()
    case 'commands':
      guild.commands = frame.commands
      return composer.refresh()
    case 'bot':
      guild.bot = frame.bot
      return drawGuild()
    case 'interaction':
      return takeInteraction(frame)
  }
}

function takeState(state) {
  const chosen = sessionStorage.getItem(CHOSEN_MEMBER)
  guild.set(state.guild)
  guild.me = state.me
  guild.bot = state.bot
  guild.commands = state.commands
  asked.clear()
  messages.set(state.messages)
  if (chosen && chosen !== state.me && guild.people.some((user) => user.id === chosen)) {
    connection.act({ do: 'enter', member_id: chosen }).catch(complain)
    return
  }
  showChannel(guild.channel(channelId) ? channelId : state.first_channel)
  document.body.classList.remove('starting')
}

function takeMessage(message) {
  const answered = asked.get(message.interaction_metadata?.id)
  answered?.done()
  const isNew = messages.put(message)
  if (isNew && message.channel_id !== channelId) {
    unread.add(message.channel_id)
    drawGuild()
  } else if (isNew) {
    byId('beginning-hint')?.remove()
    byId('news').hidden = messages.followsEnd
  }
}

function takeInteraction({ id, state, modal, choices }) {
  const waiting = asked.get(id)
  asked.delete(id)
  if (state === 'failed') {
    waiting?.failed()
    return
  }
  waiting?.done(choices)
  if (!modal) return
  showModal(modal, {
    onSend: async (values) => {
      const { interaction_id } = await connection.act({ do: 'submit', interaction_id: id, values })
      expect(interaction_id, { done() {}, failed: () => complain(new Refused('The application did not respond to the form.')) })
    },
  })
}

// --- what is done ------------------------------------------------------------------------------

function place(message) {
  return { channel_id: message.channel_id, message_id: message.id }
}

/** Does it, and says so when it was refused. */
async function act(action) {
  try {
    return await connection.act(action)
  } catch (refused) {
    complain(refused)
    throw refused
  }
}

/** The same where nothing follows from a refusal. */
function attempt(action) {
  return act(action).catch(() => null)
}

function expect(interactionId, waiting) {
  asked.set(interactionId, waiting)
}

async function ask(message, customId, action) {
  const chosen = action.values && { customId, values: action.values }
  messages.ask(message.id, { busy: customId, ...(chosen && { chosen }) })
  try {
    const { interaction_id } = await act({ ...action, ...place(message), custom_id: customId })
    expect(interaction_id, {
      done: () => messages.ask(message.id, null),
      failed: () => messages.ask(message.id, { failed: true }),
    })
  } catch {
    messages.ask(message.id, null)
  }
}

async function command(path, options) {
  const { interaction_id } = await act({ do: 'command', channel_id: channelId, name: path, options })
  expectAnswer(interaction_id, `/${path}`)
}

async function useOn(message, { name, type }) {
  const begun = await attempt({ do: 'use', ...place(message), name, kind: type })
  if (begun) expectAnswer(begun.interaction_id, name)
}

/** Shows that a command is under way, by the name under which it was used. */
function expectAnswer(interactionId, used) {
  const line = commandLine(guild.nameOf(guild.me), used, { dismiss: () => line.remove() })
  messages.addLine(line.element)
  const offline = guild.bot.connected ? '' : ': it is not connected'
  expect(interactionId, {
    done: () => line.remove(),
    failed: () => line.fail(`The application did not respond${offline}`),
  })
}

/** What the bot suggests for an option that is being typed: {name, value}[]. */
async function suggest(path, options, focused) {
  const { interaction_id } = await connection.act({ do: 'type', channel_id: channelId, name: path, options, focused })
  return new Promise((resolve) => {
    expect(interaction_id, { done: (choices) => resolve(choices ?? []), failed: () => resolve([]) })
  })
}

// --- what is seen ------------------------------------------------------------------------------

function showChannel(id) {
  if (id !== channelId) composer.reset()
  channelId = id
  unread.delete(id)
  messages.showChannel(id)
  byId('news').hidden = true
  const channel = guild.channel(id)
  byId('channel-name').textContent = channel ? channel.name : 'no channel'
  byId('topic').textContent = channel?.topic ?? ''
  composer.placeholder = `Message #${channel?.name ?? ''}`
  document.title = `#${channel?.name ?? ''} · flora`
  drawGuild()
}

function drawGuild() {
  drawSidebar(
    { name: byId('guild-name'), channels: byId('channels'), members: byId('members'), me: byId('me') },
    guild,
    { current: channelId, unread, onChannel: (id) => { showChannel(id); composer.focus() } },
  )
  drawStatus()
}

function noteConnection(state) {
  connected = state === 'open'
  byId('status').dataset.connection = state
  drawStatus()
}

function drawStatus() {
  const status = byId('status')
  const state = status.dataset.connection
  const name = guild.nameOf(guild.bot.id)
  const [kind, text] = connected
    ? guild.bot.connected
      ? ['good', `${name} is online`]
      : ['bad', `${name} is offline: it answers once it is connected again`]
    : state === 'not running'
      ? ['bad', 'The simulated Discord is not running: start flora with make run. Trying again…']
      : ['bad', state === 'lost' ? 'The connection is lost. Trying again…' : 'Connecting…']
  if (status.textContent !== text) status.textContent = text
  status.className = `status ${kind}`
}

/** What stands where a channel begins. */
function beginning(channel) {
  const name = channel?.name ?? ''
  const empty = messages.isEmpty(channel?.id ?? '')
  const hint = (text) => button(text === '/' ? 'See slash commands' : `Try ${text}`, { class: 'hint', onclick: () => composer.fill(text) })
  return h(
    'li',
    { class: 'beginning' },
    h('h3', {}, `Welcome to #${name}`),
    h('p', { class: 'faint' }, `This is the beginning of #${name}. Whatever you type here reaches the guild's script, as it would in Discord.`),
    empty && h('div', { id: 'beginning-hint', class: 'hints' }, EMPTY_HINTS.map(hint)),
  )
}

let noticeTimer = 0

function complain(refused) {
  if (!(refused instanceof Refused)) throw refused
  const notice = byId('problem')
  const close = () => { notice.hidden = true }
  notice.replaceChildren(h('span', {}, refused.message), button('Close', { class: 'plain', onclick: close }, icon('close')))
  notice.hidden = false
  clearTimeout(noticeTimer)
  noticeTimer = setTimeout(close, NOTICE_TIME)
}

byId('me').addEventListener('change', (event) => {
  sessionStorage.setItem(CHOSEN_MEMBER, event.target.value)
  composer.reset()
  act({ do: 'enter', member_id: event.target.value }).then(() => composer.focus(), () => drawGuild())
})
byId('news').addEventListener('click', () => {
  messages.scrollToEnd()
  composer.focus()
})
byId('scroller').addEventListener('scroll', () => {
  if (messages.followsEnd) byId('news').hidden = true
})

connection.open()
