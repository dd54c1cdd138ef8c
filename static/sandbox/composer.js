/** Where a member writes: messages, replies, edits, and slash commands by name and option. */

import { button, h } from './dom.js'
import { commandForm } from './command_form.js'
import { displayName } from './guild.js'
import { icon } from './icons.js'
import { Picker, invocations } from './picker.js'

const MAX_CONTENT = 2000
const COUNT_FROM = 1800

export class Composer {
  #form
  #field
  #note
  #count
  #guild
  #actions
  #picker
  #replyTo = null
  #editing = null
  #commandForm = null

  /**
   * form, field, note, count, list: elements of the page. actions: {send(content, replyTo),
   * change(message, content), command(path, values), suggest(path, values, name), lastOwn()}; those
   * that ask return promises, rejected when nothing was done, so that what was typed is not lost.
   */
  constructor({ form, field, note, count, list, guild, actions }) {
    this.#form = form
    this.#field = field
    this.#note = note
    this.#count = count
    this.#guild = guild
    this.#actions = actions
    this.#picker = new Picker({ list, field, onPick: (invocation) => this.#begin(invocation) })
    field.addEventListener('input', () => this.#typed())
    field.addEventListener('keydown', (event) => this.#key(event))
    field.addEventListener('blur', () => this.#picker.hide())
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#send()
    })
  }

  focus() {
    this.#field.focus()
  }

  /** Puts a text into the field, as if it had been typed. */
  fill(text) {
    this.#endCommand()
    this.#field.value = text
    this.focus()
    this.#typed()
  }

  set placeholder(text) {
    this.#field.placeholder = text
    this.#field.setAttribute('aria-label', text)
  }

  reply(message) {
    this.#endCommand()
    this.#editing = null
    this.#replyTo = message
    this.#say(h('span', {}, 'Replying to ', h('b', {}, displayName(message.author))))
    this.focus()
  }

  edit(message) {
    this.#endCommand()
    this.#replyTo = null
    this.#editing = message
    this.#say(h('span', {}, 'Editing your message'))
    this.fill(this.#guild.withoutMentions(message.content))
  }

  /** Forgets a reply or an edit, for another channel or member. */
  reset() {
    this.#replyTo = this.#editing = null
    this.#note.hidden = true
    this.#endCommand()
  }

  /** The slash commands have changed while the picker was open. */
  refresh() {
    if (this.#picker.isOpen) this.#typed()
  }

  #say(text) {
    const cancel = button('Cancel', { class: 'plain', onclick: () => this.#cancel() }, icon('close'))
    this.#note.replaceChildren(text, cancel)
    this.#note.hidden = false
  }

  #cancel() {
    if (this.#editing) this.#field.value = ''
    this.reset()
    this.#typed()
    this.focus()
  }

  #typed() {
    const text = this.#field.value
    this.#field.style.height = 'auto'
    this.#field.style.height = `${this.#field.scrollHeight}px`
    this.#count.hidden = text.length < COUNT_FROM
    this.#count.textContent = String(MAX_CONTENT - text.length)
    this.#count.classList.toggle('failed', text.length > MAX_CONTENT)
    if (/^\/[^\n]*$/.test(text) && !this.#editing) this.#picker.show(invocations(this.#guild.commands), text.slice(1))
    else this.#picker.hide()
  }

  #key(event) {
    if (event.isComposing) return
    if (this.#picker.key(event)) {
      event.preventDefault()
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      this.#send()
    } else if (event.key === 'Escape' && (this.#replyTo || this.#editing)) {
      this.#cancel()
    } else if (event.key === 'ArrowUp' && !this.#field.value) {
      const own = this.#actions.lastOwn()
      if (own) {
        event.preventDefault()
        this.edit(own)
      }
    }
  }

  async #send() {
    const content = this.#guild.withMentions(this.#field.value.trim())
    if (!content) return
    const { value } = this.#field
    try {
      // Cleared once it is sent: a refused message stays where it was typed.
      if (this.#editing) await this.#actions.change(this.#editing, content)
      else await this.#actions.send(content, this.#replyTo?.id ?? null)
    } catch {
      return
    }
    if (this.#field.value === value) this.#field.value = ''
    this.reset()
    this.#typed()
  }

  // --- commands ----------------------------------------------------------------------------

  /** What has been typed after the command's name is its first option. */
  #begin(invocation) {
    const typed = this.#field.value.slice(invocation.path.length + 2)
    this.#field.value = ''
    this.#typed()
    this.reset()
    const form = commandForm(invocation, {
      guild: this.#guild,
      typed,
      suggest: (values, name) => this.#actions.suggest(invocation.path, values, name),
      onCancel: () => {
        this.#endCommand()
        this.focus()
      },
      onSend: async (values) => {
        try {
          await this.#actions.command(invocation.path, values)
        } catch {
          return
        }
        this.#endCommand()
        this.focus()
      },
    })
    this.#commandForm = form.element
    this.#form.hidden = true
    this.#form.after(form.element)
    form.focus()
  }

  #endCommand() {
    this.#commandForm?.remove()
    this.#commandForm = null
    this.#form.hidden = false
  }
}
