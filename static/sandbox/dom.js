/** Elements from plain calls. Text is always text: nothing here, or in this page, parses HTML. */

/**
 * An element with properties and children. `class`, `aria-*`, `data-*`, `role` and the like become
 * attributes, `on…` listeners, everything else properties. Children: nodes, text, or nothing.
 */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else if (key in element && !key.includes('-')) element[key] = value
    else element.setAttribute(key === 'class' ? 'class' : key, value === true ? '' : value)
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false))
  return element
}

/** A button that is none of a form. */
export function button(label, properties = {}, ...children) {
  return h('button', { type: 'button', 'aria-label': children.length ? label : undefined, ...properties }, ...(children.length ? children : [label]))
}

export function byId(id) {
  return document.getElementById(id)
}

/** A link to a page of somebody else's; null for an address that is no web page's. */
export function outsideLink(address, ...children) {
  let url
  try {
    url = new URL(address)
  } catch {
    return null
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  return h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children)
}

/** A number of bytes for people. */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`
  return bytes < 1 << 20 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`
}
