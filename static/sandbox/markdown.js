/** Discord's markdown as elements: the basics, with mentions. Unknown marks stay as they are. */

import { h, outsideLink } from './dom.js'

const FENCE = /```(?:([\w+-]+)\n)?\n?([\s\S]+?)\n?```/g

// The earliest match wins; among those at one place, the first of the list.
const INLINE = [
  [/``(.+?)``|`([^`\n]+)`/, (match) => h('code', {}, (match[1] ?? match[2]).trim() || ' ')],
  [/\\([*_~`|\\>#<@[\]()-])/, (match) => match[1]],
  [/<@!?(\d+)>/, (match, context) => mention(`@${context.guild.nameOf(match[1])}`, match[1] === context.guild.me)],
  [/<@&(\d+)>/, (match, context) => mention(`@${context.guild.role(match[1])?.name ?? 'unknown role'}`)],
  [/<#(\d+)>/, (match, context) => mention(`#${context.guild.channelName(match[1])}`)],
  [/@(everyone|here)\b/, (match) => mention(match[0])],
  [/<a?:(\w+):\d+>/, (match) => `:${match[1]}:`],
  [/<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, (match) => time(Number(match[1]), match[2])],
  [/\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/, (match, context) => outsideLink(match[2], ...inline(match[1], context)) ?? match[0]],
  [/<(https?:\/\/[^\s>]+)>/, (match) => outsideLink(match[1], match[1]) ?? match[0]],
  [/https?:\/\/[^\s<>]*[^\s<>.,:;"')\]]/, (match) => outsideLink(match[0], match[0]) ?? match[0]],
  [/\*\*\*(?=\S)([\s\S]+?)\*\*\*/, (match, context) => h('strong', {}, h('em', {}, ...inline(match[1], context)))],
  [/\*\*(?=\S)([\s\S]+?)\*\*(?!\*)/, (match, context) => h('strong', {}, ...inline(match[1], context))],
  [/__(?=\S)([\s\S]+?)__/, (match, context) => h('u', {}, ...inline(match[1], context))],
  [/~~(?=\S)([\s\S]+?)~~/, (match, context) => h('s', {}, ...inline(match[1], context))],
  [/\|\|(?=\S)([\s\S]+?)\|\|/, (match, context) => spoiler(inline(match[1], context))],
  [/\*(?=\S)([^*]+?)\*/, (match, context) => h('em', {}, ...inline(match[1], context))],
  [/(?<!\w)_(?=\S)([^_]+?)_(?!\w)/, (match, context) => h('em', {}, ...inline(match[1], context))],
]

/** Nodes for a whole text. context: {guild}. */
export function markdown(text, context) {
  const nodes = []
  let end = 0
  for (const match of text.matchAll(FENCE)) {
    nodes.push(...lines(text.slice(end, match.index), context))
    nodes.push(h('pre', {}, h('code', match[1] ? { 'data-language': match[1] } : {}, match[2])))
    end = match.index + match[0].length
  }
  nodes.push(...lines(text.slice(end), context))
  return nodes
}

/** Quotes, headings and lists are lines; the rest keeps its line breaks. */
function lines(text, context) {
  if (!text) return []
  const nodes = []
  let plain = []
  const flush = () => {
    const joined = plain.join('\n')
    if (joined) nodes.push(...inline(joined, context))
    plain = []
  }
  const block = (name, className, content) => {
    flush()
    const last = nodes.at(-1)
    const continues = last instanceof Element && last.className === className && name === last.localName
    const shown = inline(content, context)
    if (continues && name === 'blockquote') last.append('\n', ...shown)
    else nodes.push(h(name, { class: className }, ...shown))
  }
  for (const line of text.split('\n')) {
    const heading = /^(#{1,3}) +(.+)$/.exec(line)
    const item = /^ *[-*] +(.+)$/.exec(line)
    if (heading) block('div', `heading heading-${heading[1].length}`, heading[2])
    else if (line.startsWith('> ')) block('blockquote', '', line.slice(2))
    else if (line.startsWith('-# ')) block('small', 'subtext', line.slice(3))
    else if (item) block('div', 'item', item[1])
    else plain.push(line)
  }
  flush()
  return nodes
}

function inline(text, context) {
  const nodes = []
  let rest = text
  while (rest) {
    let first = null
    for (const [pattern, make] of INLINE) {
      const match = pattern.exec(rest)
      if (match && (!first || match.index < first.match.index)) first = { match, make }
    }
    if (!first) break
    if (first.match.index) nodes.push(rest.slice(0, first.match.index))
    nodes.push(first.make(first.match, context))
    rest = rest.slice(first.match.index + first.match[0].length)
  }
  if (rest) nodes.push(rest)
  return nodes
}

function mention(text, mine = false) {
  return h('span', { class: mine ? 'mention mine' : 'mention' }, text)
}

function spoiler(content) {
  const reveal = (event) => {
    if (event.type === 'keydown' && event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    const hidden = event.currentTarget
    hidden.classList.add('revealed')
    hidden.removeAttribute('role')
    hidden.removeAttribute('tabindex')
    hidden.removeAttribute('aria-label')
  }
  const properties = { class: 'spoiler', role: 'button', tabindex: '0', 'aria-label': 'Spoiler: show', onclick: reveal, onkeydown: reveal }
  return h('span', properties, h('span', {}, ...content))
}

const STYLES = {
  t: { timeStyle: 'short' },
  T: { timeStyle: 'medium' },
  d: { dateStyle: 'short' },
  D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' },
  F: { dateStyle: 'full', timeStyle: 'short' },
}

function time(seconds, style = 'f') {
  const moment = new Date(seconds * 1000)
  if (Number.isNaN(moment.getTime())) return `<t:${seconds}>`
  const shown = style === 'R' ? relative(seconds) : moment.toLocaleString([], STYLES[style])
  return h('time', { dateTime: moment.toISOString(), title: moment.toLocaleString() }, shown)
}

const UNITS = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3600], ['minute', 60]]

function relative(seconds) {
  const distance = seconds - Date.now() / 1000
  const [unit, length] = UNITS.find(([, long]) => Math.abs(distance) >= long) ?? ['second', 1]
  return new Intl.RelativeTimeFormat([], { numeric: 'auto' }).format(Math.round(distance / length), unit)
}
