/** The page's own signs, drawn: not every machine has a font with pictures. */

const SVG = 'http://www.w3.org/2000/svg'
const PATHS = {
  apps: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z',
  close: 'M6 6l12 12M18 6 6 18',
  eye: 'M2 12s4-6.5 10-6.5S22 12 22 12s-4 6.5-10 6.5S2 12 2 12M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5',
  file: 'M6 3h8l5 5v13H6zM14 3v5h5',
  pencil: 'M4 20l1-5L16 4l4 4L9 19z',
  pin: 'M9 4h6l-1 6 3 3H7l3-3zM12 13v7',
  reply: 'M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6',
  smile: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M9 10v1M15 10v1M8.5 14.5a4.5 4.5 0 0 0 7 0',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
}

/** An element without a name: what it stands for is said beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  const path = document.createElementNS(SVG, 'path')
  path.setAttribute('d', PATHS[name])
  svg.append(path)
  return svg
}
