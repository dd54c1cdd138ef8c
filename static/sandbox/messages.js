/** The messages of all channels, and the list that shows one channel's. Keeps focus and scroll. */

import { button, h } from './dom.js'
import { clock, isEphemeral, messageElement } from './message.js'

const KEPT = 500
const GROUP_WITHIN = 7 * 60_000
const NEAR_END = 80

export class Messages {
  #list
  #scroller
  #guild
  #actions
  #beginning
  #channels = new Map()
  #channelId = ''
  // Whether the newest message stays in sight, whatever grows.
  #follows = true
  // What the bot was asked through a message's components, by message.
  #asked = new Map()

  /** list: an <ol> in scroller; beginning(channel) makes what stands before the first message. */
  constructor({ list, scroller, guild, actions, beginning }) {
    this.#list = list
    this.#scroller = scroller
    this.#guild = guild
    this.#actions = actions
    this.#beginning = beginning
    let top = 0
    scroller.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = scroller
      // Only who scrolls up leaves the end: a list that has grown is followed.
      if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.#follows = true
      else if (scrollTop < top) this.#follows = false
      top = scrollTop
    })
    const resized = new ResizeObserver(() => this.#follows && this.scrollToEnd())
    resized.observe(scroller)
    resized.observe(list)
  }

  /** messages: Discord's message objects by channel, oldest first. */
  set(messages) {
    this.#asked.clear()
    this.#channels = new Map(
      Object.entries(messages).map(([id, list]) => [id, new Map(list.map((message) => [message.id, message]))]),
    )
  }

  showChannel(channelId) {
    this.#channelId = channelId
    // Only what comes from now on is news to a screen reader.
    this.#list.setAttribute('aria-live', 'off')
    const items = [this.#beginning(this.#guild.channel(channelId))]
    let before = null
    for (const message of this.#of(channelId).values()) {
      if (!before || !sameDay(before, message)) items.push(dayLine(message))
      items.push(this.#element(message, before))
      before = message
    }
    this.#list.replaceChildren(...items.filter(Boolean))
    this.scrollToEnd()
    requestAnimationFrame(() => this.#list.setAttribute('aria-live', 'polite'))
  }

  /** A new or changed message. Returns whether it is new. */
  put(message) {
    const known = this.#of(message.channel_id)
    const isNew = !known.has(message.id)
    known.set(message.id, message)
    if (known.size > KEPT) this.remove(message.channel_id, [known.keys().next().value])
    this.#forgetChoice(message.id)
    if (message.channel_id === this.#channelId) {
      if (isNew) this.#append(message)
      else this.#draw(message.id)
    }
    return isNew
  }

  remove(channelId, ids) {
    const known = this.#of(channelId)
    for (const id of ids) {
      known.delete(id)
      this.#asked.delete(id)
      if (channelId !== this.#channelId) continue
      const element = this.#find(id)
      const next = element?.nextElementSibling
      element?.remove()
      if (next?.dataset.id) this.#draw(next.dataset.id)
    }
  }

  get(id) {
    return this.#of(this.#channelId).get(id)
  }

  /** The newest message of this member in the channel, for editing. */
  lastOf(userId) {
    return [...this.#of(this.#channelId).values()].findLast((message) => message.author.id === userId && !isEphemeral(message))
  }

  isEmpty(channelId) {
    return this.#of(channelId).size === 0
  }

  /** Notes that the bot is being asked, has failed, or (null) is done with it. */
  ask(messageId, asked) {
    const before = this.#asked.get(messageId)
    if (asked) this.#asked.set(messageId, { chosen: before?.chosen, ...asked })
    else if (before) this.#asked.set(messageId, { chosen: before.chosen })
    this.#draw(messageId)
  }

  jump(id) {
    const element = this.#find(id)
    if (!element) return
    element.scrollIntoView({ block: 'center' })
    element.classList.remove('found')
    requestAnimationFrame(() => element.classList.add('found'))
  }

  get followsEnd() {
    return this.#follows
  }

  scrollToEnd() {
    this.#follows = true
    this.#scroller.scrollTop = this.#scroller.scrollHeight
  }

  /** Adds a line that is no message, such as a command under way. */
  addLine(element) {
    this.#list.append(element)
    this.scrollToEnd()
  }

  /** A message that has changed shows what it has now; the bot may still be asked through it. */
  #forgetChoice(id) {
    const asked = this.#asked.get(id)
    if (asked?.busy) this.#asked.set(id, { busy: asked.busy })
    else this.#asked.delete(id)
  }

  #of(channelId) {
    if (!this.#channels.has(channelId)) this.#channels.set(channelId, new Map())
    return this.#channels.get(channelId)
  }

  #find(id) {
    return this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`)
  }

  #element(message, before) {
    const asked = this.#asked.get(message.id) ?? {}
    return messageElement(message, {
      guild: this.#guild,
      actions: this.#actions,
      grouped: isGrouped(message, before),
      asked: {
        busy: (customId) => asked.busy === customId,
        chosen: (customId) => (asked.chosen?.customId === customId ? asked.chosen.values : undefined),
        failed: Boolean(asked.failed),
      },
    })
  }

  #before(id) {
    const ids = [...this.#of(this.#channelId).keys()]
    const index = ids.indexOf(id)
    return index > 0 ? this.get(ids[index - 1]) : null
  }

  #append(message) {
    const before = this.#before(message.id)
    if (!before || !sameDay(before, message)) this.#list.append(dayLine(message))
    this.#list.append(this.#element(message, before))
    if (message.author.id === this.#guild.me) this.scrollToEnd()
  }

  /** Draws a message anew; what had the focus in it has it again. */
  #draw(id) {
    const old = this.#find(id)
    const message = this.get(id)
    if (!old || !message) return
    const focus = old.contains(document.activeElement) ? document.activeElement.dataset.focus : null
    const fresh = this.#element(message, this.#before(id))
    old.replaceWith(fresh)
    if (focus) fresh.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus()
  }
}

function isGrouped(message, before) {
  return (
    before !== null &&
    before.author.id === message.author.id &&
    before.author.username === message.author.username &&
    message.type === 0 &&
    !message.interaction_metadata &&
    isEphemeral(before) === isEphemeral(message) &&
    new Date(message.timestamp) - new Date(before.timestamp) < GROUP_WITHIN &&
    sameDay(before, message)
  )
}

function sameDay(one, other) {
  return new Date(one.timestamp).toDateString() === new Date(other.timestamp).toDateString()
}

function dayLine(message) {
  return h('li', { class: 'day' }, h('span', {}, new Date(message.timestamp).toLocaleDateString([], { dateStyle: 'long' })))
}

/** A command on its way, until the bot's answer takes its place. */
export function commandLine(user, used, { dismiss }) {
  const state = h('span', { class: 'faint' }, 'Sending the command…')
  const line = h('li', { class: 'message under-way' }, h('b', {}, user), ' used ', h('code', {}, used), h('div', {}, state))
  return {
    element: line,
    fail(sentence) {
      line.classList.add('failed-line')
      line.append(h('div', { class: 'note' }, button('Dismiss message', { class: 'plain link', onclick: dismiss }), ` · ${clock(Date.now())}`))
      state.className = 'failed'
      state.setAttribute('role', 'alert')
      state.textContent = sentence
    },
    remove: () => line.remove(),
  }
}
