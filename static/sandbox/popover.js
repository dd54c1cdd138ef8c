/** A small panel beside an element; it closes when somebody looks elsewhere. */

import { h } from './dom.js'

/** Opens it with these children. Returns close(). */
export function openPopover(beside, name, ...children) {
  document.querySelector('.popover')?.remove()
  const close = () => {
    panel.remove()
    document.removeEventListener('pointerdown', outside, true)
  }
  const outside = (event) => panel.contains(event.target) || close()
  const panel = h('div', { class: 'popover', role: 'dialog', 'aria-label': name }, ...children)
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    close()
    beside.focus()
  })
  document.body.append(panel)
  const { top, right, bottom } = beside.getBoundingClientRect()
  const { offsetWidth, offsetHeight } = panel
  panel.style.left = `${Math.max(8, Math.min(right - offsetWidth, innerWidth - offsetWidth - 8))}px`
  panel.style.top = `${top - offsetHeight > 8 ? top - offsetHeight - 4 : Math.min(bottom + 4, innerHeight - offsetHeight - 8)}px`
  document.addEventListener('pointerdown', outside, true)
  panel.querySelector('button')?.focus()
  return close
}
