/**
 * A message's buttons, menus and layout. What is pressed or chosen is told; what follows from it
 * is not known here.
 */

import { button, h, outsideLink } from './dom.js'
import { attachment, picture } from './embeds.js'
import { colour, displayName } from './guild.js'
import { markdown } from './markdown.js'

const STYLES = { 1: 'primary', 2: 'secondary', 3: 'success', 4: 'danger', 5: 'link', 6: 'premium' }
const LINK = 5
const PREMIUM = 6

/**
 * context: {guild, press(customId), choose(customId, values), busy(customId), chosen(customId)},
 * where busy says that the bot is being asked, and chosen gives the values chosen last.
 */
export function components(list, context) {
  return list.map((component) => one(component, context)).filter(Boolean)
}

function one(component, context) {
  switch (component.type) {
    case 1:
      return h('div', { class: 'row' }, components(component.components ?? [], context))
    case 2:
      return pressable(component, context)
    case 3:
      return menu(component, component.options ?? [], context)
    case 5:
      return menu(component, users(context), context)
    case 6:
      return menu(component, roles(context), context)
    case 7:
      return menu(component, [...users(context), ...roles(context)], context)
    case 8:
      return menu(component, channels(context, component.channel_types), context)
    case 9:
      return h('div', { class: 'section' }, h('div', {}, components(component.components ?? [], context)), one(component.accessory, context))
    case 10:
      return h('div', { class: 'text' }, ...markdown(component.content, context))
    case 11:
      return picture('Thumbnail', component.media)
    case 12:
      return h('div', {}, (component.items ?? []).map((item) => picture(item.description || 'Picture', item.media)))
    case 13:
      return attachment({ url: component.file.url, filename: component.name ?? 'file', size: component.size ?? 0 })
    case 14:
      return h(component.divider === false ? 'div' : 'hr', { class: 'separator' })
    case 17:
      return container(component, context)
    default:
      return null
  }
}

function container(component, context) {
  const box = h('div', { class: 'embed' }, components(component.components ?? [], context))
  if (typeof component.accent_color === 'number') box.style.setProperty('--bar', colour(component.accent_color))
  return box
}

function pressable(component, context) {
  const content = [emoji(component.emoji), component.label].filter(Boolean)
  const style = STYLES[component.style] ?? 'secondary'
  if (component.style === LINK) {
    const link = outsideLink(component.url, ...content, ' ↗')
    link?.classList.add('button', style)
    return link
  }
  const busy = context.busy(component.custom_id)
  return h(
    'button',
    {
      type: 'button',
      class: `button ${style}${busy ? ' busy' : ''}`,
      disabled: component.disabled || component.style === PREMIUM,
      'aria-busy': busy ? 'true' : undefined,
      'data-focus': component.custom_id,
      onclick: () => busy || context.press(component.custom_id),
    },
    ...(content.length ? content.flatMap((part, index) => (index ? [' ', part] : [part])) : ['​']),
  )
}

/** A menu that opens below its button. One choice is told at once, several with a button. */
function menu(component, options, context) {
  const { custom_id: id, min_values: low = 1, max_values: high = 1 } = component
  const busy = context.busy(id)
  const preset = options.filter((option) => option.default || component.default_values?.some((d) => d.id === option.value))
  const chosen = context.chosen(id) ?? preset.map((option) => option.value)
  const shown = options.filter((option) => chosen.includes(option.value)).map((option) => option.label)
  const title = shown.join(', ') || component.placeholder || (high > 1 ? 'Make a selection' : 'Make a choice')
  const summary = h('summary', { class: shown.length ? '' : 'faint', 'aria-busy': busy ? 'true' : undefined, 'data-focus': id }, title)
  if (component.disabled || busy) {
    return h('div', { class: `menu off${busy ? ' busy' : ''}`, 'aria-disabled': 'true' }, h('div', { class: 'summary' }, title))
  }
  const list = high > 1 ? several(options, chosen, { low, high }, (values) => context.choose(id, values)) : single(options, chosen, (value) => context.choose(id, [value]))
  const details = h('details', { class: 'menu' }, summary, list)
  details.addEventListener('toggle', () => details.open && list.scrollIntoView({ block: 'nearest' }))
  details.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && details.open) {
      details.open = false
      summary.focus()
      event.stopPropagation()
    }
  })
  return details
}

function single(options, chosen, tell) {
  return h(
    'div',
    { class: 'menu-list', role: 'group' },
    options.map((option) =>
      h('button', { type: 'button', class: 'menu-option', 'aria-pressed': String(chosen.includes(option.value)), onclick: () => tell(option.value) }, ...label(option)),
    ),
  )
}

function several(options, chosen, { low, high }, tell) {
  const send = button('Choose', { class: 'button primary' })
  const boxes = options.map((option) => h('input', { type: 'checkbox', value: option.value, checked: chosen.includes(option.value) }))
  const values = () => boxes.filter((box) => box.checked).map((box) => box.value)
  const check = () => {
    send.disabled = values().length < low || values().length > high
  }
  send.addEventListener('click', () => tell(values()))
  check()
  const span = low === high ? `${low}` : `${low} to ${Math.min(high, options.length)}`
  return h(
    'div',
    { class: 'menu-list', role: 'group', onchange: check },
    options.map((option, index) => h('label', { class: 'menu-option' }, boxes[index], ...label(option))),
    h('div', { class: 'menu-send' }, h('span', { class: 'faint' }, `Choose ${span}`), send),
  )
}

function label(option) {
  return [
    emoji(option.emoji),
    h('span', {}, option.label, option.description ? h('small', { class: 'faint' }, option.description) : null),
  ].filter(Boolean)
}

function emoji(shown) {
  if (!shown) return null
  return shown.id ? `:${shown.name}:` : shown.name
}

function users({ guild }) {
  return guild.users.map((user) => ({ value: user.id, label: displayName(user) }))
}

function roles({ guild }) {
  return guild.roles.map((role) => ({ value: role.id, label: `@${role.name}` }))
}

function channels({ guild }, types) {
  const fitting = guild.channels.filter((channel) => !types?.length || types.includes(channel.type))
  return fitting.map((channel) => ({ value: channel.id, label: `#${channel.name}` }))
}
