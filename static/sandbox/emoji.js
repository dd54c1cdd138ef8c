/** A small choice of emoji beside a message. */

import { button, h } from './dom.js'

const COMMON = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '🔥', '✅', '❌', '👀', '🌱', '🌸', '⭐', '🤔', '👋']

/** Opens it by the element `beside`; onPick(emoji). */
export function pickEmoji(beside, onPick) {
  document.querySelector('.emoji-picker')?.remove()
  const close = () => {
    picker.remove()
    document.removeEventListener('pointerdown', outside, true)
  }
  const outside = (event) => picker.contains(event.target) || close()
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
  const picker = h(
    'div',
    { class: 'emoji-picker', role: 'dialog', 'aria-label': 'Add a reaction' },
    h('div', { class: 'emoji-grid' }, COMMON.map((emoji) => button(emoji, { onclick: () => pick(emoji) }))),
    form,
  )
  picker.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    close()
    beside.focus()
  })
  document.body.append(picker)
  const { top, right, bottom } = beside.getBoundingClientRect()
  const { offsetWidth, offsetHeight } = picker
  picker.style.left = `${Math.max(8, Math.min(right - offsetWidth, innerWidth - offsetWidth - 8))}px`
  picker.style.top = `${top - offsetHeight > 8 ? top - offsetHeight - 4 : Math.min(bottom + 4, innerHeight - offsetHeight - 8)}px`
  document.addEventListener('pointerdown', outside, true)
  picker.querySelector('button').focus()
}
