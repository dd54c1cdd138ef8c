/** The options of a slash command as form fields. Values leave it as text by name. */

import { button, h } from './dom.js'
import { displayName } from './guild.js'

const STRING = 3
const INTEGER = 4
const BOOLEAN = 5
const USER = 6
const CHANNEL = 7
const ROLE = 8
const MENTIONABLE = 9
const NUMBER = 10

// Suggestions are asked for when somebody stops typing; milliseconds.
const PAUSE = 200

/**
 * A form for one invocation. typed: a text for its first option; onSend(values) and onCancel() are
 * told; suggest(values, name) promises {name, value}[] for the option in focus; focus() puts the
 * focus where typing begins.
 */
export function commandForm(invocation, { guild, typed, onSend, onCancel, suggest }) {
  const fields = invocation.options.map((option) => field(option, guild, () => suggest(values(), option.name)))
  if (typed && fields[0]?.input instanceof HTMLInputElement) fields[0].input.value = typed
  const send = h('button', { type: 'submit', class: 'button primary' }, 'Send')
  const form = h(
    'form',
    { class: 'command-form', 'aria-label': `Command /${invocation.path}` },
    h('div', { class: 'command-head' }, h('b', {}, `/${invocation.path}`), h('span', { class: 'faint' }, invocation.description)),
    fields.length > 0 && h('div', { class: 'command-fields' }, fields.map(({ element }) => element)),
    h('div', { class: 'command-send' }, h('span', { class: 'faint keys' }, 'Enter sends · Esc cancels'), button('Cancel', { class: 'button secondary', onclick: onCancel }), send),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    onSend(values())
  })
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      onCancel()
    }
  })
  return { element: form, focus: () => (fields[0]?.input ?? send).focus() }

  function values() {
    const all = fields.map(({ name, value }) => [name, value()])
    return Object.fromEntries(all.filter(([, value]) => value !== ''))
  }
}

let count = 0

function field(option, guild, suggest) {
  const id = `option-${++count}`
  const input = inputFor(option, guild)
  input.id = id
  input.name = option.name
  input.required = Boolean(option.required)
  if (option.description) input.setAttribute('aria-describedby', `${id}-about`)
  const element = h(
    'div',
    { class: 'command-field' },
    h('label', { htmlFor: id }, option.name, option.required ? null : h('span', { class: 'faint' }, ' optional')),
    input,
    option.autocomplete && suggestions(input, suggest),
    h('small', { class: 'faint', id: `${id}-about` }, option.description ?? ''),
  )
  const value = () => (option.type === BOOLEAN && input.value ? input.value === 'true' : input.value)
  return { name: option.name, element, input, value }
}

function inputFor(option, guild) {
  if (option.choices?.length) return choice(option, option.choices.map((c) => [String(c.value), c.name]))
  switch (option.type) {
    case BOOLEAN:
      return choice(option, [['true', 'True'], ['false', 'False']])
    case USER:
      return choice(option, users(guild))
    case ROLE:
      return choice(option, roles(guild))
    case MENTIONABLE:
      return choice(option, [...users(guild), ...roles(guild)])
    case CHANNEL:
      return choice(option, channels(guild, option.channel_types))
    case INTEGER:
      return h('input', { type: 'number', step: '1', min: limit(option.min_value), max: limit(option.max_value), autocomplete: 'off' })
    case NUMBER:
      return h('input', { type: 'number', step: 'any', min: limit(option.min_value), max: limit(option.max_value), autocomplete: 'off' })
    case STRING:
      return h('input', { type: 'text', maxLength: option.max_length ?? 6000, minLength: option.min_length, autocomplete: 'off' })
    default:
      return h('input', { type: 'text', disabled: true, placeholder: 'Files cannot be sent in the simulated Discord' })
  }
}

/** The list of what the bot suggests, kept to what was typed last. */
function suggestions(input, suggest) {
  const list = h('datalist', { id: `${input.id}-suggested` })
  let timer = 0
  let asked = 0
  async function ask() {
    const mine = ++asked
    const choices = await suggest().catch(() => [])
    if (mine !== asked) return
    list.replaceChildren(...choices.map(({ name, value }) => h('option', { value: String(value), label: name })))
  }
  input.setAttribute('list', list.id)
  input.addEventListener('focus', ask)
  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(ask, PAUSE)
  })
  return list
}

function choice(option, pairs) {
  const list = pairs.map(([value, label]) => h('option', { value }, label))
  return h('select', {}, h('option', { value: '' }, option.required ? 'Choose…' : '—'), list)
}

function limit(number) {
  return number === undefined || number === null ? undefined : String(number)
}

function users(guild) {
  return guild.users.map((user) => [user.id, displayName(user)])
}

function roles(guild) {
  return guild.roles.map((role) => [role.id, `@${role.name}`])
}

function channels(guild, types) {
  const fitting = guild.channels.filter((channel) => !types?.length || types.includes(channel.type))
  return fitting.map((channel) => [channel.id, `#${channel.name}`])
}
