/** A small choice of emoji beside a message. */

import { button, h } from './dom.js'
import { openPopover } from './popover.js'

const COMMON = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '🔥', '✅', '❌', '👀', '🌱', '🌸', '⭐', '🤔', '👋']

/** Opens it by the element `beside`; onPick(emoji). */
export function pickEmoji(beside, onPick) {
  const pick = (emoji) => {
    close()
    onPick(emoji)
  }
  const other = h('input', { type: 'text', maxLength: 16, 'aria-label': 'Another emoji', placeholder: 'Another', autocomplete: 'off' })
  const form = h('form', {}, other, h('button', { type: 'submit', class: 'button secondary' }, 'Add'))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (other.value.trim()) pick(other.value.trim())
  })
  const common = COMMON.map((emoji) => button(emoji, { onclick: () => pick(emoji) }))
  const close = openPopover(beside, 'Add a reaction', h('div', { class: 'emoji-grid' }, common), form)
}
