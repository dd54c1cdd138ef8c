/** The list of slash commands above the message field. Knows commands; what is picked is told. */

import { h } from './dom.js'

const SLASH = 1
const SUBCOMMAND = 1
const GROUP = 2

/** A command as it can be invoked: {path: 'tag view', description, options}. */
export function invocations(commands) {
  return commands.filter(({ type }) => type === SLASH).flatMap((command) => leaves(command, command.name))
}

function leaves(node, path) {
  const children = (node.options ?? []).filter((option) => option.type === SUBCOMMAND || option.type === GROUP)
  if (!children.length) return [{ path, description: node.description, options: node.options ?? [] }]
  return children.flatMap((child) => leaves(child, `${path} ${child.name}`))
}

export class Picker {
  #list
  #field
  #onPick
  #shown = []
  #active = 0

  /** list: the listbox; field: the textarea that has the focus; onPick(invocation). */
  constructor({ list, field, onPick }) {
    this.#list = list
    this.#field = field
    this.#onPick = onPick
  }

  get isOpen() {
    return !this.#list.hidden
  }

  /** Shows what fits the typed text, the slash left out; best first. */
  show(all, typed) {
    const wanted = typed.toLowerCase().trim()
    const isNamed = (path) => wanted === path || wanted.startsWith(`${path} `)
    const rank = ({ path }) => (isNamed(path) ? 0 : path.startsWith(wanted) ? 1 : path.includes(wanted) ? 2 : 3)
    this.#shown = all.filter((command) => rank(command) < 3).sort((a, b) => rank(a) - rank(b))
    this.#active = 0
    this.#draw(all.length ? `There is no command /${wanted}` : 'The bot has no slash commands yet: a script declares them with slash().')
    this.#list.hidden = false
  }

  hide() {
    this.#list.hidden = true
    this.#field.removeAttribute('aria-activedescendant')
  }

  /** Takes a key of the field's. Returns whether it was the picker's. */
  key(event) {
    if (!this.isOpen) return false
    if (event.key === 'Escape') {
      this.hide()
      return true
    }
    if (!this.#shown.length) return false
    if (event.key === 'ArrowDown') this.#move(1)
    else if (event.key === 'ArrowUp') this.#move(-1)
    else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') this.#onPick(this.#shown[this.#active])
    else return false
    return true
  }

  #move(step) {
    this.#active = (this.#active + step + this.#shown.length) % this.#shown.length
    this.#mark()
  }

  #draw(nothing) {
    const options = this.#shown.map((command, index) =>
      h(
        'li',
        {
          id: `command-${index}`,
          role: 'option',
          onmousedown: (event) => event.preventDefault(),
          onmousemove: () => {
            this.#active = index
            this.#mark(false)
          },
          onclick: () => this.#onPick(command),
        },
        h('b', {}, `/${command.path}`),
        command.options.map((option) => h('span', { class: `option-name${option.required ? '' : ' faint'}` }, option.name)),
        h('span', { class: 'faint description' }, command.description),
      ),
    )
    this.#list.replaceChildren(...(options.length ? options : [h('li', { class: 'faint nothing', role: 'presentation' }, nothing)]))
    this.#mark()
  }

  #mark(scroll = true) {
    for (const [index, option] of [...this.#list.children].entries()) {
      option.setAttribute('aria-selected', String(index === this.#active && this.#shown.length > 0))
    }
    if (!this.#shown.length) return
    this.#field.setAttribute('aria-activedescendant', `command-${this.#active}`)
    if (scroll) this.#list.children[this.#active].scrollIntoView({ block: 'nearest' })
  }
}
