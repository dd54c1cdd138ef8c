/** The bot's commands in the menu of a message: on itself, and on the user who has written it. */

import { button, h } from './dom.js'
import { openPopover } from './popover.js'

const USER = 2
const MESSAGE = 3
const NOTHING = 'The bot has no commands for messages or users: a script declares them with messageCommand() and userCommand().'

/** Opens it by the element `beside`. commands: all of the guild's; author: a name; onPick(command). */
export function openMenu(beside, commands, author, onPick) {
  const entry = (command) =>
    button(command.name, {
      onclick: () => {
        close()
        onPick(command)
      },
    })
  const group = (title, kind) => {
    const entries = commands.filter(({ type }) => type === kind).map(entry)
    return entries.length > 0 && h('div', { class: 'menu-group' }, h('small', { class: 'faint' }, title), entries)
  }
  const groups = [group('This message', MESSAGE), group(author, USER)].filter(Boolean)
  const close = openPopover(beside, 'Apps', groups.length > 0 ? groups : h('small', { class: 'faint' }, NOTHING))
}
