/** A message's embeds and files. Pictures are links: the page loads nothing from elsewhere. */

import { h, outsideLink, size } from './dom.js'
import { colour } from './guild.js'
import { icon } from './icons.js'
import { markdown } from './markdown.js'

export function embed(shown, context) {
  const bar = h('article', { class: 'embed' })
  if (shown.color !== undefined && shown.color !== null) bar.style.setProperty('--bar', colour(shown.color))
  bar.append(
    ...[
      shown.author?.name && h('div', { class: 'embed-author' }, linked(shown.author.url, shown.author.name)),
      shown.title && h('div', { class: 'embed-title' }, linked(shown.url, ...markdown(shown.title, context))),
      shown.description && h('div', { class: 'embed-text' }, ...markdown(shown.description, context)),
      shown.fields?.length && fields(shown.fields, context),
      picture('Picture', shown.image),
      picture('Thumbnail', shown.thumbnail),
      footer(shown),
    ].filter(Boolean),
  )
  return bar
}

function fields(list, context) {
  const field = ({ name, value, inline }) =>
    h(
      'div',
      { class: inline ? 'embed-field inline' : 'embed-field' },
      h('dt', {}, ...markdown(name, context)),
      h('dd', {}, ...markdown(value, context)),
    )
  return h('dl', { class: 'embed-fields' }, list.map(field))
}

function footer(shown) {
  const when = shown.timestamp ? new Date(shown.timestamp) : null
  const parts = [shown.footer?.text, when && !Number.isNaN(when.getTime()) && when.toLocaleString()].filter(Boolean)
  return parts.length ? h('footer', {}, parts.join(' • ')) : null
}

function linked(address, ...children) {
  return (address && outsideLink(address, ...children)) || h('span', {}, ...children)
}

/** media: Discord's {url}. */
export function picture(kind, media) {
  if (!media?.url) return null
  const link = outsideLink(media.url, shortened(media.url))
  return h('div', { class: 'picture' }, `${kind}: `, link ?? media.url)
}

export function attachment(file) {
  const link = outsideLink(file.url, file.filename) ?? h('span', {}, file.filename)
  return h(
    'div',
    { class: 'file' },
    icon('file'),
    h('div', {}, link, h('div', { class: 'faint' }, [size(file.size), file.description].filter(Boolean).join(' · '))),
  )
}

function shortened(address) {
  const shown = address.replace(/^https?:\/\//, '')
  return shown.length > 60 ? `${shown.slice(0, 57)}…` : shown
}
